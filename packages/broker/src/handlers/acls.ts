// DescribeAcls, CreateAcls and DeleteAcls (apis 29 to 31, KIP-140, KIP-290): the access rules of the cluster. Served: 1-3.
// Describing needs DESCRIBE on the cluster, changing ALTER (the table of APIs has it). Without an authorizer they are answered
// as Kafka answers: SECURITY_DISABLED. Taking a rule that nobody is held to would be worse than refusing it.
import type { AclBinding } from '@moldau/metadata';
import type { InputOf } from '@moldau/protocol';
import { errorCode, WIRE_ERRORS } from '@moldau/protocol/errors';
import type { CreateAclsRequest, CreateAclsResponse } from '@moldau/protocol/messages/create-acls';
import type { DeleteAclsRequest, DeleteAclsResponse } from '@moldau/protocol/messages/delete-acls';
import type { DescribeAclsRequest, DescribeAclsResponse } from '@moldau/protocol/messages/describe-acls';
import { filterRefusal } from '../authorizer/acl-filter.ts';
import type { BrokerContext, Call } from '../context.ts';
import { findAcls } from '../controller/acls.ts';
import type { Outcome } from '../controller/decision.ts';

/** Kafka's words: tools and tests of others look for them. */
const disabled = (errorMessage: string) => ({ errorCode: errorCode('SECURITY_DISABLED'), errorMessage });

type Described = InputOf<typeof DescribeAclsResponse>;
type ResourceAnswer = Described['resources'][number];
type RuleAnswer = ResourceAnswer['acls'][number];

export function describeAcls(broker: BrokerContext, _call: Call, filter: DescribeAclsRequest): Described {
  if (!broker.authorizer) return { ...disabled('No Authorizer is configured on the broker'), resources: [] };
  const bad = filterRefusal(filter);
  if (bad !== undefined) return { errorCode: errorCode('INVALID_REQUEST'), errorMessage: bad, resources: [] };
  const resources = new Map<string, ResourceAnswer & { acls: RuleAnswer[] }>();
  for (const acl of findAcls(broker.image(), filter)) {
    const { resourceType, resourceName, patternType, principal, host, operation, permissionType } = acl;
    const key = `${resourceType}:${patternType}:${resourceName}`;
    const known = resources.get(key) ?? { resourceType, resourceName, patternType, acls: [] };
    resources.set(key, known);
    known.acls.push({ principal, host, operation, permissionType });
  }
  return { errorCode: 0, errorMessage: null, resources: [...resources.values()] };
}

export async function createAcls(
  broker: BrokerContext,
  _call: Call,
  { creations }: CreateAclsRequest,
): Promise<InputOf<typeof CreateAclsResponse>> {
  if (!broker.authorizer) return { results: creations.map(() => disabled('No Authorizer is configured.')) };
  const wishes = creations.map(({ resourcePatternType, ...rule }) => ({ ...rule, patternType: resourcePatternType }));
  const outcomes = await broker.controller.here().createAcls(wishes);
  return { results: outcomes.map(toWire) };
}

export async function deleteAcls(
  broker: BrokerContext,
  _call: Call,
  { filters }: DeleteAclsRequest,
): Promise<InputOf<typeof DeleteAclsResponse>> {
  if (!broker.authorizer) {
    return { filterResults: filters.map(() => ({ ...disabled('No Authorizer is configured.'), matchingAcls: [] })) };
  }
  const outcomes = await broker.controller.here().deleteAcls(filters);
  const deleted = ({ id: _, ...rule }: AclBinding) => ({ errorCode: 0, errorMessage: null, ...rule });
  return {
    filterResults: outcomes.map((outcome) => ({ ...toWire(outcome), matchingAcls: outcome.deleted.map(deleted) })),
  };
}

function toWire({ error, detail }: Outcome) {
  return {
    errorCode: errorCode(error),
    errorMessage: error === 'NONE' ? null : (detail ?? WIRE_ERRORS[error].message),
  };
}
