import { pbkdf2 } from 'node:crypto';
import type { KeyDerivation } from '../key-derivation.ts';

/** On libuv's pool. */
export const nodeKeyDerivation: KeyDerivation = {
  pbkdf2: ({ digest, password, salt, iterations }) =>
    new Promise((resolve, reject) => {
      pbkdf2(password, salt, iterations, digest === 'sha256' ? 32 : 64, digest, (error, key) =>
        error ? reject(error) : resolve(key),
      );
    }),
};
