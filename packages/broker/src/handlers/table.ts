// Which API is served by which handler. ApiVersions lists exactly what stands here: an API is added when it works.
import { APIS, type ApiName } from '@moldau/protocol/apis';
import type { InputOf, MessageOf } from '@moldau/protocol/description';
import type { Handler } from '../context.ts';
import { apiVersions } from './api-versions.ts';

/** One served API. */
export interface ServedApi {
  readonly api: ApiName;
  readonly key: number;
  /** Versions served; advertised unless `advertisedMin` says otherwise. */
  readonly versions: { readonly min: number; readonly max: number };
  /** Lower end as told to clients, where it differs from what is served (Produce: 0, KAFKA-18659). */
  readonly advertisedMin: number;
  /**
   * May start while earlier requests of the same kind on the same connection are unanswered. Produce only, whose effects
   * all happen before its first wait; anything else starts when everything before it is answered, as in Kafka.
   */
  readonly pipelined: boolean;
  /** Called with the request decoded by this API's own description (`serve` pairs the two). */
  readonly handler: Handler<never, unknown>;
}

/** What differs from the protocol's own ranges. */
export interface ServeOptions {
  readonly versions?: { readonly min: number; readonly max: number };
  readonly advertisedMin?: number;
  readonly pipelined?: boolean;
}

/** Pairs an API with its handler; the types hold that the handler takes and answers that API's messages. */
function serve<Api extends ApiName>(
  api: Api,
  handler: Handler<MessageOf<(typeof APIS)[Api]['request']>, InputOf<(typeof APIS)[Api]['response']>>,
  options: ServeOptions = {},
): ServedApi {
  const versions = options.versions ?? APIS[api].versions;
  return {
    api,
    key: APIS[api].key,
    versions,
    advertisedMin: options.advertisedMin ?? versions.min,
    pipelined: options.pipelined ?? false,
    handler,
  };
}

/** Every API of a broker listener, in the order of keys. */
export const SERVED_APIS: readonly ServedApi[] = [serve('ApiVersions', apiVersions)];

const byKey: (ServedApi | undefined)[] = [];
for (const served of SERVED_APIS) byKey[served.key] = served;

/** The served API of a key, or undefined. */
export function servedApi(key: number): ServedApi | undefined {
  return byKey[key];
}
