import type { Clock, Timers } from './clock.ts';
import type { Disk } from './disk.ts';
import type { KeyDerivation } from './key-derivation.ts';
import type { Network } from './network.ts';
import type { Random } from './random.ts';

/** Everything the outside world is to a broker or a client. `@moldau/kernel/node/ports` has the real ones. */
export interface Ports {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly disk: Disk;
  readonly network: Network;
  /** Without it whatever needs one (SCRAM) is refused. */
  readonly keyDerivation?: KeyDerivation;
}
