// Groups of the consumer protocol (KIP-848): whether the broker under test has them, and a group that is quick enough for a
// test.
import type { Admin } from '@moldau/client';
import { fresh } from '../suite/target.ts';

/** API key of ConsumerGroupHeartbeat. */
const CONSUMER_GROUP_HEARTBEAT = 68;

/** It serves the request and has finalized the feature (Kafka 4.0 and newer). */
export async function offersConsumerProtocol(admin: Admin): Promise<boolean> {
  const { apis, finalizedFeatures } = await admin.apiVersions();
  const level = finalizedFeatures.find(({ name }) => name === 'group.version')?.maxVersionLevel ?? 0;
  return level >= 1 && apis.some(({ apiKey }) => apiKey === CONSUMER_GROUP_HEARTBEAT);
}

/** What a broker must allow for `newQuickGroup`. */
export const QUICK_GROUPS = {
  'group.consumer.min.session.timeout.ms': 6_000,
  'group.consumer.min.heartbeat.interval.ms': 500,
};

/**
 * The name of a group whose members are missed after 6 s and heard of twice a second. Where the broker does not allow it the
 * group has the broker's own times (45 s and 5 s): the same happens, later.
 */
export async function newQuickGroup(admin: Admin): Promise<string> {
  const name = fresh('group');
  const set = (key: string, value: number) => ({ name: key, operation: 'SET' as const, value: String(value) });
  const changes = [set('consumer.session.timeout.ms', 6_000), set('consumer.heartbeat.interval.ms', 500)];
  const [outcome] = await admin.incrementalAlterConfigs([{ type: 'group', name, changes }]);
  if (outcome?.error && outcome.error.error !== 'INVALID_CONFIG') throw outcome.error;
  return name;
}
