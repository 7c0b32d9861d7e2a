// A network of its own for each machine of a cluster: one network namespace per machine, all on one bridge, so that packets
// between any two of them can be dropped by the kernel as a cut cable or a wrong firewall rule drops them. The clients of a
// run are outside, on the bridge itself. Needs root.
import { owner } from './leftovers.ts';
import { runCommand, tryCommand } from './run-command.ts';

/** Counts the networks of this process, so that their names and addresses differ. */
let networks = 0;

export interface Machine {
  readonly name: string;
  readonly address: string;
  /** Words that run a command there. */
  readonly prefix: readonly string[];
}

/** May this process make namespaces? */
export function canHaveNetworks(): boolean {
  if (process.getuid?.() !== 0) return false;
  const name = `moldau-try-${process.pid}`;
  if (!tryCommand('ip', 'netns', 'add', name)) return false;
  tryCommand('ip', 'netns', 'del', name);
  return tryCommand('iptables', '--version');
}

export class MachineNetwork {
  readonly machines: readonly Machine[];
  /** Where clients are: the bridge. */
  readonly outside: string;
  readonly #bridge: string;

  constructor(count: number) {
    const number = networks++;
    const id = `${owner}x${number}`;
    // Of the range for benchmarks (RFC 2544), which nobody routes: 198.18.0.0/15.
    const subnet = freeSubnet(process.pid * 7 + number);
    this.#bridge = `mob${id}`;
    this.outside = `${subnet}.1`;
    runCommand('ip', 'link', 'add', this.#bridge, 'type', 'bridge');
    runCommand('ip', 'addr', 'add', `${this.outside}/24`, 'dev', this.#bridge);
    runCommand('ip', 'link', 'set', this.#bridge, 'up');
    const machines: Machine[] = [];
    for (let i = 0; i < count; i++) {
      const name = `mon${id}-${i}`;
      const address = `${subnet}.${10 + i}`;
      const [near, far] = [`mov${id}${i}`, `mow${id}${i}`];
      runCommand('ip', 'netns', 'add', name);
      runCommand('ip', 'link', 'add', near, 'type', 'veth', 'peer', 'name', far);
      runCommand('ip', 'link', 'set', near, 'master', this.#bridge, 'up');
      runCommand('ip', 'link', 'set', far, 'netns', name);
      const inside = ['netns', 'exec', name, 'ip'];
      runCommand('ip', ...inside, 'addr', 'add', `${address}/24`, 'dev', far);
      runCommand('ip', ...inside, 'link', 'set', far, 'up');
      runCommand('ip', ...inside, 'link', 'set', 'lo', 'up');
      // Not `ip netns exec`: that also makes a mount namespace, in which disks of other machines would stay mounted.
      machines.push({ name, address, prefix: ['nsenter', `--net=/run/netns/${name}`, '--'] });
    }
    this.machines = machines;
  }

  /** From now on `machine` hears nothing from these addresses. Others go on hearing it: a cut in one direction. */
  deafen(machine: Machine, from: readonly string[]): void {
    for (const address of from) {
      runCommand(...words(machine, 'iptables', '-A', 'INPUT', '-s', address, '-j', 'DROP'));
    }
  }

  /** Neither hears the other. */
  cut(machine: Machine, others: readonly string[]): void {
    this.deafen(machine, others);
    for (const address of others) {
      runCommand(...words(machine, 'iptables', '-A', 'OUTPUT', '-d', address, '-j', 'DROP'));
    }
  }

  /** Everything is heard again. */
  heal(): void {
    for (const machine of this.machines) tryCommand(...words(machine, 'iptables', '-F'));
  }

  /** The processes in it must have ended. */
  close(): void {
    for (const { name } of this.machines) tryCommand('ip', 'netns', 'del', name);
    tryCommand('ip', 'link', 'del', this.#bridge);
  }
}

/** One that no bridge of another run has. */
function freeSubnet(first: number): string {
  const taken = runCommand('ip', '-o', '-4', 'addr', 'show');
  for (let i = 0; i < 512; i++) {
    const subnet = `198.${18 + ((first + i) % 2)}.${(first + i) % 256}`;
    if (!taken.includes(` ${subnet}.`)) return subnet;
  }
  throw new Error('all subnets of 198.18.0.0/15 are taken; `ip link` shows by which bridges');
}

function words(machine: Machine, ...command: readonly string[]): [string, ...string[]] {
  const [first, ...rest] = [...machine.prefix, ...command];
  return [first!, ...rest];
}
