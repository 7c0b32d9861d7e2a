import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['packages/*/src/**/*.test.ts', 'scripts/**/*.test.ts'],
    // Suites against real clients and long fault runs have commands of their own (see CONTRIBUTING.md).
    exclude: ['**/node_modules/**', 'packages/conformance/**', 'packages/bench/**'],
    pool: 'threads',
    // One more than vitest takes on two cores: half of the time tests wait for brokers and timers.
    maxWorkers: 2,
    isolate: false,
    testTimeout: 20_000,
    hookTimeout: 30_000,
  },
});
