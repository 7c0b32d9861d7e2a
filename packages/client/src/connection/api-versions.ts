// Which version of each API to speak with one broker: the newest that both know. Pure.
import { APIS, type ApiName } from '@moldau/protocol';
import type { ApiVersionsResponse } from '@moldau/protocol/messages/api-versions';
import { KafkaError } from '../errors.ts';

export class BrokerVersions {
  readonly answer: ApiVersionsResponse;
  readonly #ranges = new Map<number, { min: number; max: number }>();

  constructor(answer: ApiVersionsResponse) {
    this.answer = answer;
    for (const { apiKey, minVersion, maxVersion } of answer.apiKeys) {
      this.#ranges.set(apiKey, { min: minVersion, max: maxVersion });
    }
  }

  /** The newest version both sides know, at most `newest`; undefined when there is none. */
  find(name: ApiName, newest: number = APIS[name].stableMax): number | undefined {
    const api = APIS[name];
    const range = this.#ranges.get(api.key);
    if (!range) return undefined;
    const version = Math.min(newest, api.stableMax, range.max);
    return version >= Math.max(api.versions.min, range.min) ? version : undefined;
  }

  /** As `find`; throws KafkaError UNSUPPORTED_VERSION that names the API. */
  pick(name: ApiName, newest?: number): number {
    const version = this.find(name, newest);
    if (version !== undefined) return version;
    const range = this.#ranges.get(APIS[name].key);
    const { min } = APIS[name].versions;
    const ours = `${min} to ${Math.min(newest ?? APIS[name].stableMax, APIS[name].stableMax)}`;
    throw new KafkaError('UNSUPPORTED_VERSION', {
      message: range
        ? `The broker speaks ${name} ${range.min} to ${range.max}, this call needs ${ours}.`
        : `The broker does not offer ${name}.`,
    });
  }

  /** The level of a feature that the whole cluster has agreed on; 0 when it has not. */
  finalizedLevel(feature: string): number {
    return this.answer.finalizedFeatures.find(({ name }) => name === feature)?.maxVersionLevel ?? 0;
  }
}
