// `--zookeeper host:2181/chroot` of Kafka's old tools: the brokers are found there, and the tool talks to them.
import { nodePorts } from '@moldau/kernel/node/ports';
import { CommandLineError, type OptionTable } from '../command-line/option.ts';
import type { Terminal } from '../terminal.ts';

const TIMEOUT_MS = 10_000;

/**
 * The words with `--bootstrap-server` in place of `--zookeeper`, for a tool that has the former and not the latter. Throws
 * CommandLineError when ZooKeeper does not answer or knows no broker.
 */
export async function findBrokers(
  args: readonly string[],
  table: OptionTable,
  terminal: Pick<Terminal, 'err'>,
): Promise<readonly string[]> {
  const at = args.findIndex((word) => /^--?zookeeper(=|$)/.test(word));
  if (at < 0 || table.zookeeper || !table['bootstrap-server']) return args;
  const inline = args[at]!.split('=').slice(1).join('=');
  const connect = args[at]!.includes('=') ? inline : (args[at + 1] ?? '');
  const { brokersInZooKeeper, isZooKeeperError } = await import('@moldau/metadata/zookeeper');
  let brokers: Awaited<ReturnType<typeof brokersInZooKeeper>>;
  try {
    brokers = await brokersInZooKeeper(nodePorts, connect, TIMEOUT_MS);
  } catch (error) {
    const hint = isZooKeeperError(error) ? '' : `'${connect}': `;
    throw refused(`--zookeeper: ${hint}${(error as Error).message}`);
  }
  const servers = brokers.flatMap(({ endpoints }) => {
    const open = endpoints.find(({ protocol }) => protocol === 'PLAINTEXT') ?? endpoints[0];
    return open ? [`${open.host.includes(':') ? `[${open.host}]` : open.host}:${open.port}`] : [];
  });
  if (servers.length === 0) {
    throw refused(
      `--zookeeper: no broker is registered in ZooKeeper (${connect}). Is the chroot right, and does a broker run?`,
    );
  }
  terminal.err('Warning: --zookeeper is deprecated: the brokers were found there. Give --bootstrap-server instead.\n');
  const words = [...args];
  words.splice(at, args[at]!.includes('=') ? 1 : 2, '--bootstrap-server', servers.join(','));
  return words;
}

const refused = (message: string) => new CommandLineError(message, { usage: false });
