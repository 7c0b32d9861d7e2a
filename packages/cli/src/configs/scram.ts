// SCRAM credentials: `SCRAM-SHA-256=[iterations=8192,password=secret]`. The password is salted and hashed here and never
// travels (RFC 5802, KIP-554).
import { pbkdf2Sync, randomBytes } from 'node:crypto';
import type { AdminApi } from '@moldau/client/admin/admin-api';
import { CommandLineError } from '../command-line/option.ts';
import { throwOn } from './quotas.ts';

const MECHANISMS = {
  'SCRAM-SHA-256': { id: 1, hash: 'sha256', bytes: 32 },
  'SCRAM-SHA-512': { id: 2, hash: 'sha512', bytes: 64 },
} as const;
export type ScramName = keyof typeof MECHANISMS;

const ITERATIONS_DEFAULT = 4096;
const ITERATIONS_MIN = 4096;
const SALT_BYTES = 24;

export async function alterCredentials(
  admin: AdminApi,
  user: string,
  added: ReadonlyMap<ScramName, string>,
  deleted: readonly ScramName[],
): Promise<void> {
  const upsertions = [...added].map(([name, text]) => {
    const { id, hash, bytes } = MECHANISMS[name];
    const { iterations, password } = parseCredential(name, text);
    const salt = randomBytes(SALT_BYTES);
    return {
      name: user,
      mechanism: id,
      iterations,
      salt,
      saltedPassword: pbkdf2Sync(Buffer.from(password), salt, iterations, bytes, hash),
    };
  });
  const answer = await admin.send(
    'AlterUserScramCredentials',
    { deletions: deleted.map((name) => ({ name: user, mechanism: MECHANISMS[name].id })), upsertions },
    { node: 'controller' },
  );
  for (const result of answer.results) throwOn(result.errorCode, result.errorMessage);
}

/** Throws CommandLineError on another shape or too few iterations. */
export function parseCredential(name: ScramName, text: string): { iterations: number; password: string } {
  const match = /^(?:iterations=(-?\d*),)?password=(.*)$/s.exec(text);
  if (!match) throw new CommandLineError(`Invalid credential property ${name}=${text}`, { usage: false });
  const given = match[1];
  const iterations = given === undefined || given === '-1' ? ITERATIONS_DEFAULT : Number(given);
  if (!(iterations >= ITERATIONS_MIN)) {
    throw new CommandLineError(`Iterations ${given} is less than the minimum ${ITERATIONS_MIN} required for ${name}`, {
      usage: false,
    });
  }
  return { iterations, password: match[2]! };
}
