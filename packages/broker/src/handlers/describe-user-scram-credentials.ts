// DescribeUserScramCredentials (api 50, KIP-554): which mechanisms users have, with how many iterations. Served: 0.
import type { InputOf } from '@moldau/protocol';
import { errorCode } from '@moldau/protocol/errors';
import type {
  DescribeUserScramCredentialsRequest,
  DescribeUserScramCredentialsResponse,
} from '@moldau/protocol/messages/describe-user-scram-credentials';
import type { BrokerContext, Call } from '../context.ts';
import { describeScramCredentials } from '../controller/scram-credentials.ts';

export function describeUserScramCredentials(
  broker: BrokerContext,
  _call: Call,
  { users }: DescribeUserScramCredentialsRequest,
): InputOf<typeof DescribeUserScramCredentialsResponse> {
  const described = describeScramCredentials(broker.image(), users?.map(({ name }) => name) ?? null);
  return {
    errorCode: 0,
    errorMessage: null,
    results: described.map(({ user, error, detail, credentials }) => ({
      user,
      errorCode: errorCode(error),
      errorMessage: detail,
      credentialInfos: [...credentials],
    })),
  };
}
