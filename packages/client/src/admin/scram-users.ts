// SCRAM users (KIP-554). Passwords are salted and hashed here, off the event loop; brokers never see them.
import { ITERATIONS_MAX, ITERATIONS_MIN, SCRAM_DIGESTS } from '../connection/sasl/scram.ts';
import { errorOfCode, KafkaError, throwOnCode } from '../errors.ts';
import type { AdminCalls } from './admin-calls.ts';
import type { CallOptions, Outcome } from './admin-model.ts';
import type { ScramAlteration, ScramCredential, ScramMechanismName } from './security-model.ts';

const SALT_BYTES = 24;
const CODES = { 'SCRAM-SHA-256': 1, 'SCRAM-SHA-512': 2 } as const;

function nameOf(code: number): ScramMechanismName | 'UNKNOWN' {
  return code === 1 ? 'SCRAM-SHA-256' : code === 2 ? 'SCRAM-SHA-512' : 'UNKNOWN';
}

/** By user; a user without credentials is RESOURCE_NOT_FOUND. All users when none are named. */
export function describeUserScramCredentials(
  calls: AdminCalls,
  users?: readonly string[],
  options: CallOptions = {},
): Promise<Map<string, Outcome<readonly ScramCredential[]>>> {
  return calls.run('Describing SCRAM users', options, async () => {
    const answer = await calls.cluster.send('any', 'DescribeUserScramCredentials', {
      users: users?.map((name) => ({ name })) ?? null,
    });
    throwOnCode(answer.errorCode, { message: answer.errorMessage });
    return new Map(
      answer.results.map(({ user, errorCode, errorMessage, credentialInfos }) => [
        user,
        errorOfCode(errorCode, { message: errorMessage }) ??
          credentialInfos.map(({ mechanism, iterations }) => ({ mechanism: nameOf(mechanism), iterations })),
      ]),
    );
  });
}

/** By user. Brokers take one alteration of a user in a call: more are DUPLICATE_RESOURCE, whatever the mechanism. */
export async function alterUserScramCredentials(
  calls: AdminCalls,
  alterations: readonly ScramAlteration[],
  options: CallOptions = {},
): Promise<Map<string, Outcome<true>>> {
  for (const alteration of alterations) check(alteration);
  const { keyDerivation, random } = calls.cluster.ports;
  const salted = await Promise.all(
    alterations.map(async (alteration) => {
      const { user, mechanism } = alteration;
      if ('remove' in alteration) return { user, mechanism: CODES[mechanism] };
      if (!keyDerivation) throw new KafkaError('ILLEGAL_STATE', { message: 'These ports cannot derive keys.' });
      const { iterations = ITERATIONS_MIN, salt = random.bytes(SALT_BYTES) } = alteration;
      const password = Buffer.from(alteration.password, 'utf8');
      const digest = SCRAM_DIGESTS[mechanism];
      const saltedPassword = await keyDerivation.pbkdf2({ digest, password, salt, iterations });
      return { user, mechanism: CODES[mechanism], upsertion: { iterations, salt, saltedPassword } };
    }),
  );
  const users = [...new Set(alterations.map(({ user }) => user))];
  return calls.each<string, true>(
    'Altering SCRAM users',
    options,
    users,
    (user) => user,
    async (open) => {
      const mine = salted.filter(({ user }) => open.includes(user));
      const answer = await calls.cluster.send('controller', 'AlterUserScramCredentials', {
        deletions: mine.filter(({ upsertion }) => !upsertion).map(({ user: name, mechanism }) => ({ name, mechanism })),
        upsertions: mine.flatMap(({ user: name, mechanism, upsertion }) =>
          upsertion ? [{ name, mechanism, ...upsertion }] : [],
        ),
      });
      return new Map(
        answer.results.map(({ user, errorCode, errorMessage }) => [
          user,
          errorOfCode(errorCode, { message: errorMessage }) ?? (true as const),
        ]),
      );
    },
  );
}

function check(alteration: ScramAlteration): void {
  const refuse = (message: string) => new KafkaError('INVALID_ARGUMENT', { message });
  if (typeof alteration.user !== 'string' || alteration.user === '') throw refuse('A SCRAM user needs a name.');
  if (!(alteration.mechanism in CODES))
    throw refuse('The mechanism of a SCRAM user is SCRAM-SHA-256 or SCRAM-SHA-512.');
  if ('remove' in alteration) return;
  const { password, iterations = ITERATIONS_MIN } = alteration;
  if (typeof password !== 'string' || password === '')
    throw refuse('The password of a SCRAM user is a string, not empty.');
  if (!Number.isInteger(iterations) || iterations < ITERATIONS_MIN || iterations > ITERATIONS_MAX) {
    throw refuse(`iterations is ${iterations}; it must be from ${ITERATIONS_MIN} to ${ITERATIONS_MAX}.`);
  }
}
