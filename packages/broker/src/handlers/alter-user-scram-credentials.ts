// AlterUserScramCredentials (api 51, KIP-554): sets and removes what a SCRAM server needs of users' passwords. Served: 0. One
// answer for each user, in the order of first mention, deletions before upsertions.
import type { InputOf } from '@moldau/protocol';
import { errorCode } from '@moldau/protocol/errors';
import type {
  AlterUserScramCredentialsRequest,
  AlterUserScramCredentialsResponse,
} from '@moldau/protocol/messages/alter-user-scram-credentials';
import type { BrokerContext, Call } from '../context.ts';

export async function alterUserScramCredentials(
  broker: BrokerContext,
  _call: Call,
  { deletions, upsertions }: AlterUserScramCredentialsRequest,
): Promise<InputOf<typeof AlterUserScramCredentialsResponse>> {
  const outcomes = await broker.controller.here().alterScramCredentials(deletions, upsertions);
  return {
    results: outcomes.map(({ user, error, detail }) => ({
      user,
      errorCode: errorCode(error),
      errorMessage: detail,
    })),
  };
}
