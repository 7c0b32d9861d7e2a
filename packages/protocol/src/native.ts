// Optional native add-ons, loaded on first use. Everything in this package works without them, only slower; a machine
// without a prebuilt binary, or an install with --omit=optional, must see no difference but speed.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const loaded = new Map<string, unknown>();

/** The module, or undefined when it is not installed or its binary does not load here. Looked for once per process. */
export function loadNative<T>(name: string): T | undefined {
  if (!loaded.has(name)) {
    let found: unknown;
    try {
      found = require(name);
    } catch {
      found = undefined;
    }
    loaded.set(name, found);
  }
  return loaded.get(name) as T | undefined;
}

/** For tests of the fallbacks: pretends that no add-on is there while `run` runs. */
export function withoutNatives<T>(run: () => T): T {
  const names = ['@node-rs/crc32', 'snappy', 'lz4-napi', '@cloudpss/zstd/napi'];
  const before = names.map((name) => [name, loaded.has(name), loaded.get(name)] as const);
  for (const name of names) loaded.set(name, undefined);
  try {
    return run();
  } finally {
    for (const [name, had, value] of before) had ? loaded.set(name, value) : loaded.delete(name);
  }
}
