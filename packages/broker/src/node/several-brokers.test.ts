// Brokers in one process share what the process has.
import { nodePorts } from '@moldau/kernel/node/ports';
import { expect, test } from 'vitest';
import { portsShared } from './main.ts';

// Each takes up to half of the descriptors it is told of for its logs: three that were told of all would want more than there
// are, and followers could open no segment any more (found by the simulator, seed 322).
test('descriptors are divided among the brokers of a process, and nothing else of the ports differs', () => {
  const limit = nodePorts.disk.openFilesLimit();
  const shared = portsShared(3);
  expect(shared.disk.openFilesLimit()).toBe(Math.floor(limit / 3));
  expect(3 * (shared.disk.openFilesLimit() >>> 1)).toBeLessThan(limit);
  expect({ ...shared.disk, openFilesLimit: nodePorts.disk.openFilesLimit }).toEqual(nodePorts.disk);
});
