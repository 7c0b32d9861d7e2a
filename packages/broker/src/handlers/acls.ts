// DescribeAcls, CreateAcls and DeleteAcls (apis 29 to 31). Served: 1-3. There is no authorizer yet, so they are answered as Kafka
// answers without one: SECURITY_DISABLED. Taking a rule that nobody is held to would be worse than refusing it.
import type { InputOf } from '@moldau/protocol';
import { errorCode } from '@moldau/protocol/errors';
import type { CreateAclsRequest, CreateAclsResponse } from '@moldau/protocol/messages/create-acls';
import type { DeleteAclsRequest, DeleteAclsResponse } from '@moldau/protocol/messages/delete-acls';
import type { DescribeAclsRequest, DescribeAclsResponse } from '@moldau/protocol/messages/describe-acls';
import type { BrokerContext, Call } from '../context.ts';

/** Kafka's words: tools and tests of others look for them. */
const disabled = {
  errorCode: errorCode('SECURITY_DISABLED'),
  errorMessage: 'No Authorizer is configured on the broker',
};

export function describeAcls(
  _broker: BrokerContext,
  _call: Call,
  _request: DescribeAclsRequest,
): InputOf<typeof DescribeAclsResponse> {
  return { ...disabled, resources: [] };
}

export function createAcls(
  _broker: BrokerContext,
  _call: Call,
  { creations }: CreateAclsRequest,
): InputOf<typeof CreateAclsResponse> {
  return { results: creations.map(() => disabled) };
}

export function deleteAcls(
  _broker: BrokerContext,
  _call: Call,
  { filters }: DeleteAclsRequest,
): InputOf<typeof DeleteAclsResponse> {
  return { filterResults: filters.map(() => ({ ...disabled, matchingAcls: [] })) };
}
