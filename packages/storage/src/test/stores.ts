// Stores for tests: Kafka's defaults with small segments, on whatever disk.
import type { Disk, Timers } from '@moldau/kernel';
import { nodeClock, nodeTimers } from '@moldau/kernel/node/clock';
import { nodeDisk } from '@moldau/kernel/node/disk';
import { nodeRandom } from '@moldau/kernel/node/random';
import { DEFAULT_LOG_CONFIG, type LogConfig } from '../log-config.ts';
import type { StorageEvent } from '../storage-event.ts';
import { LogStore, type LogStoreOptions } from '../store/log-store.ts';

export const TOPIC_ID = 'p2Jc0bMkS3uLAYbkL0aWgA';

export interface TestStore {
  readonly store: LogStore;
  readonly events: StorageEvent[];
}

export async function openStore(
  directory: string,
  o: Partial<Omit<LogStoreOptions, 'defaults'>> & {
    config?: Partial<LogConfig>;
    disk?: Disk;
    timers?: Timers;
    clock?: LogStoreOptions['ports']['clock'];
  } = {},
): Promise<TestStore> {
  const { config, disk, timers, clock, ...rest } = o;
  const events: StorageEvent[] = [];
  const store = await LogStore.open({
    ports: {
      clock: clock ?? nodeClock,
      timers: timers ?? nodeTimers,
      random: nodeRandom,
      disk: disk ?? nodeDisk,
    },
    directories: [directory],
    brokerId: 1,
    defaults: logConfig(config),
    events: (event) => events.push(event),
    ...rest,
  });
  return { store, events };
}

export function logConfig(changes: Partial<LogConfig> = {}): LogConfig {
  return { ...DEFAULT_LOG_CONFIG, timestampAfterMaxMs: Number.POSITIVE_INFINITY, ...changes };
}
