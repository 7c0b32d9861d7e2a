// Features of the cluster (KIP-584, KIP-778): which levels are agreed on, and changing that.
import { errorOfCode, KafkaError } from '../errors.ts';
import type { AdminCalls } from './admin-calls.ts';
import type { CreateTopicsOptions, FeatureUpdate, Outcome } from './admin-model.ts';

const UPGRADE_TYPES = { UPGRADE: 1, SAFE_DOWNGRADE: 2, UNSAFE_DOWNGRADE: 3 } as const;

/** By feature. A level of 0 removes it. */
export function updateFeatures(
  calls: AdminCalls,
  updates: readonly FeatureUpdate[],
  options: CreateTopicsOptions = {},
): Promise<Map<string, Outcome<true>>> {
  return calls.each<FeatureUpdate, true>(
    'Updating features',
    options,
    updates,
    ({ feature }) => feature,
    async (items, leftMs) => {
      const answer = await calls.cluster.send('controller', 'UpdateFeatures', (version) => {
        if (version === 0 && options.validateOnly) {
          throw new KafkaError('UNSUPPORTED_VERSION', { message: 'The broker does not only validate features.' });
        }
        return {
          timeoutMs: Math.round(leftMs),
          featureUpdates: items.map(({ feature, maxVersionLevel, upgradeType = 'UPGRADE' }) => ({
            feature,
            maxVersionLevel,
            ...(version === 0
              ? { allowDowngrade: upgradeType !== 'UPGRADE' }
              : { upgradeType: UPGRADE_TYPES[upgradeType] }),
          })),
          ...(version === 0 ? {} : { validateOnly: options.validateOnly ?? false }),
        };
      });
      // From version 2 on, all are done or none; before it each has its own outcome, or all fail together.
      const all = errorOfCode(answer.errorCode, { message: answer.errorMessage }) ?? (true as const);
      const own = new Map(
        answer.results.map(({ feature, errorCode, errorMessage }) => [
          feature,
          errorOfCode(errorCode, { message: errorMessage }) ?? (true as const),
        ]),
      );
      return new Map(items.map(({ feature }) => [feature, all === true ? (own.get(feature) ?? all) : all]));
    },
  );
}
