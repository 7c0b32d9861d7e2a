// kafka-server-stop: asks the brokers of this user on this machine to stop, and waits until they have.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Tool } from '../tool.ts';
import { isAlive, runningBrokers } from './run-files.ts';

const WAIT_MS = 60_000;
const LOOK_AGAIN_MS = 20;

export const serverStop: Tool = {
  name: 'kafka-server-stop',
  purpose: 'Stops the brokers that run on this machine, or the one with --node-id.',
  run: async (args, terminal) => {
    const nodeId = optionValue(args, '--node-id');
    const brokers = runningBrokers().filter((broker) => nodeId === undefined || String(broker.nodeId) === nodeId);
    if (brokers.length === 0) {
      terminal.out('No kafka server to stop\n');
      return 1;
    }
    for (const { pid } of brokers) process.kill(pid, 'SIGTERM');
    const until = terminal.now() + WAIT_MS;
    for (;;) {
      const left = brokers.filter(({ pid }) => isAlive(pid));
      if (left.length === 0) return 0;
      if (terminal.now() > until) {
        terminal.err(`Still running after ${WAIT_MS / 1000} s: process ${left.map(({ pid }) => pid).join(', ')}\n`);
        return 1;
      }
      await sleep(LOOK_AGAIN_MS);
    }
  },
};

/** `--name value` or `--name=value`. Kafka's --process-role is taken and has no effect: every process here is a broker. */
function optionValue(args: readonly string[], name: string): string | undefined {
  const at = args.indexOf(name);
  if (at >= 0) return args[at + 1];
  return args.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1);
}
