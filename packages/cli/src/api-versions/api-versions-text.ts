// The answer of one broker as kafka-broker-api-versions prints it.
import type { ApiVersionRange } from '@moldau/client/admin/admin-model';
import { APIS, apiByKey } from '@moldau/protocol';

/** APIs that only controllers serve: not missed when a broker does not list them. */
const CONTROLLER_ONLY: ReadonlySet<number> = new Set([52, 53, 54, 56, 58, 59, 62, 63, 67, 70, 73, 82]);

/** One line for each API, by key; those that a client may ask for and the broker lacks are named too. */
export function apiVersionsText(served: readonly ApiVersionRange[]): string {
  const lines = new Map<number, string>();
  for (const range of served) lines.set(range.apiKey, rangeText(range));
  for (const [name, { key }] of Object.entries(APIS)) {
    if (!lines.has(key) && !CONTROLLER_ONLY.has(key)) lines.set(key, `${name}(${key}): UNSUPPORTED`);
  }
  const sorted = [...lines].sort(([a], [b]) => a - b).map(([, line]) => line);
  return `(\n\t${sorted.join(',\n\t')}\n)`;
}

function rangeText({ apiKey, minVersion, maxVersion }: ApiVersionRange): string {
  const api = apiByKey(apiKey);
  const versions = minVersion === maxVersion ? `${minVersion}` : `${minVersion} to ${maxVersion}`;
  if (!api) return `UNKNOWN(${apiKey}): ${versions}`;
  const { min, max } = api.versions;
  const usable =
    max < minVersion
      ? 'unusable: node too new'
      : maxVersion < min
        ? 'unusable: node too old'
        : `usable: ${Math.min(max, maxVersion)}`;
  return `${api.name}(${apiKey}): ${versions} [${usable}]`;
}
