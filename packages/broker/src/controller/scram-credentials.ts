// Decides changes of SCRAM credentials, and finds them (Kafka: ScramControlManager, ScramImage; KIP-554). A client sends the
// salted password; what is kept is what a server needs to check a proof, from which the password's equivalent does not follow
// (RFC 5802: StoredKey and ServerKey). Pure.
import { createHash, createHmac } from 'node:crypto';
import type { ClusterImage, MetadataRecord, ScramCredential } from '@moldau/metadata';
import type { Decision, Outcome } from './decision.ts';
import { DONE, refused } from './decision.ts';

export interface ScramDeletion {
  readonly name: string;
  readonly mechanism: number;
}

export interface ScramUpsertion extends ScramDeletion {
  readonly iterations: number;
  readonly salt: Uint8Array;
  readonly saltedPassword: Uint8Array;
}

export interface ScramUserOutcome extends Outcome {
  readonly user: string;
}

/** By Kafka's ScramMechanism. */
const DIGESTS: ReadonlyMap<number, 'sha256' | 'sha512'> = new Map([
  [1, 'sha256'],
  [2, 'sha512'],
]);
/** ScramMechanism.minIterations, and the most that a broker takes. */
const ITERATIONS_MIN = 4096;
const ITERATIONS_MAX = 16_384;
const USERS_MAX = 10_000;

export function decideScramCredentials(
  image: ClusterImage,
  deletions: readonly ScramDeletion[],
  upsertions: readonly ScramUpsertion[],
): Decision<ScramUserOutcome[]> {
  const names = [...deletions, ...upsertions].map(({ name }) => name);
  const times = new Map<string, number>();
  for (const name of names) times.set(name, (times.get(name) ?? 0) + 1);
  const users = [...times.keys()];
  if (names.length > USERS_MAX) {
    const tooMany = refused('POLICY_VIOLATION', `${names.length} changes in one request; ${USERS_MAX} are allowed.`);
    return { records: [], result: users.map((user) => ({ user, ...tooMany })) };
  }
  const records: MetadataRecord[] = [];
  const outcomeOf = (user: string): Outcome => {
    if (times.get(user)! > 1) {
      return refused('DUPLICATE_RESOURCE', 'A user credential cannot be altered twice in the same request');
    }
    const deletion = deletions.find(({ name }) => name === user);
    const upsertion = upsertions.find(({ name }) => name === user);
    const { mechanism } = (deletion ?? upsertion)!;
    const digest = DIGESTS.get(mechanism);
    if (user === '') return refused('UNACCEPTABLE_CREDENTIAL', 'Username must not be empty');
    if (!digest) return refused('UNSUPPORTED_SASL_MECHANISM', 'Unknown SCRAM mechanism');
    if (deletion) {
      if (!image.scramCredential(user, mechanism)) {
        return refused('RESOURCE_NOT_FOUND', 'Attempt to delete a user credential that does not exist');
      }
      records.push({ kind: 'scramCredentialRemoved', user, mechanism });
      return DONE;
    }
    const { iterations, salt, saltedPassword } = upsertion!;
    if (iterations < ITERATIONS_MIN) return refused('UNACCEPTABLE_CREDENTIAL', 'Too few iterations');
    if (iterations > ITERATIONS_MAX) return refused('UNACCEPTABLE_CREDENTIAL', 'Too many iterations');
    if (salt.length === 0) return refused('UNACCEPTABLE_CREDENTIAL', 'The salt must not be empty');
    if (saltedPassword.length === 0) return refused('UNACCEPTABLE_CREDENTIAL', 'The salted password must not be empty');
    records.push({ kind: 'scramCredentialSet', credential: credential(digest, upsertion!) });
    return DONE;
  };
  return { records, result: users.map((user) => ({ user, ...outcomeOf(user) })) };
}

function credential(
  digest: 'sha256' | 'sha512',
  { name, mechanism, iterations, salt, saltedPassword }: ScramUpsertion,
): ScramCredential {
  const hmac = (text: string) => createHmac(digest, saltedPassword).update(text).digest();
  const storedKey = createHash(digest).update(hmac('Client Key')).digest('base64');
  const serverKey = hmac('Server Key').toString('base64');
  return { user: name, mechanism, iterations, salt: Buffer.from(salt).toString('base64'), storedKey, serverKey };
}

export interface ScramUserDescription extends ScramUserOutcome {
  readonly credentials: readonly { readonly mechanism: number; readonly iterations: number }[];
}

/** Of these users, or of all who have any; never a secret. */
export function describeScramCredentials(image: ClusterImage, users: readonly string[] | null): ScramUserDescription[] {
  const found = new Map<string, { mechanism: number; iterations: number }[]>();
  for (const { user, mechanism, iterations } of image.scramCredentials()) {
    const mine = found.get(user);
    if (mine) mine.push({ mechanism, iterations });
    else found.set(user, [{ mechanism, iterations }]);
  }
  for (const mine of found.values()) mine.sort((a, b) => a.mechanism - b.mechanism);
  const asked = users === null || users.length === 0 ? [...found.keys()].sort() : [...new Set(users)];
  return asked.map((user): ScramUserDescription => {
    const none = { user, credentials: [] };
    if (users && users.filter((one) => one === user).length > 1) {
      const why = `Cannot describe SCRAM credentials for the same user twice in a single request: ${user}`;
      return { ...none, ...refused('DUPLICATE_RESOURCE', why) };
    }
    const credentials = found.get(user);
    if (credentials) return { user, ...DONE, credentials };
    const why = `Attempt to describe a user credential that does not exist: ${user}`;
    return { ...none, ...refused('RESOURCE_NOT_FOUND', why) };
  });
}
