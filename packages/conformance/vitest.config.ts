// Suites against a running broker. Two groups one after the other: suites that share a steady broker (several at a time,
// for they mostly wait), then those that stop and kill it (one at a time).
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: import.meta.dirname,
    pool: 'forks',
    testTimeout: 90_000,
    hookTimeout: 60_000,
    // Apache Kafka (KRaft) answers CreateTopics before the broker that leads the partition has heard of it, so a test that
    // is quick may meet a topic that is not there yet. It is asked again; a Moldau broker never is.
    ...(process.env.MOLDAU_CONFORMANCE_TARGET === 'apache' && { retry: { count: 3, delay: 1_000 } }),
    projects: [
      {
        extends: true,
        test: { name: 'steady', include: ['src/**/*.suite.ts'], maxWorkers: 3, sequence: { groupOrder: 0 } },
      },
      {
        extends: true,
        test: { name: 'restart', include: ['src/**/*.restart.ts'], maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
