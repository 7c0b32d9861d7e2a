import type { Ports } from '../ports.ts';
import { nodeClock, nodeTimers } from './clock.ts';
import { nodeDisk } from './disk.ts';
import { nodeKeyDerivation } from './key-derivation.ts';
import { nodeNetwork } from './network.ts';
import { nodeRandom } from './random.ts';

/** The real world, for a process. */
export const nodePorts: Ports = {
  clock: nodeClock,
  timers: nodeTimers,
  random: nodeRandom,
  disk: nodeDisk,
  network: nodeNetwork,
  keyDerivation: nodeKeyDerivation,
};
