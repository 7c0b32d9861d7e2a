// `--zookeeper host:2181/chroot` of Kafka's old tools, and kafka-acls' `--authorizer-properties zookeeper.connect=…`: the
// brokers are found there, and the tool talks to them.
import { nodePorts } from '@moldau/kernel/node/ports';
import { CommandLineError, type OptionTable } from '../command-line/option.ts';
import type { Terminal } from '../terminal.ts';

const TIMEOUT_MS = 5_000;

interface Found {
  /** As it was written, for messages. */
  readonly option: string;
  readonly connect: string;
  /** The words without it. */
  readonly rest: readonly string[];
  /** Where it stood. */
  readonly at: number;
}

/**
 * The words with `--bootstrap-server` in place of `--zookeeper`, for a tool that has the former and not the latter. Throws
 * CommandLineError when ZooKeeper does not answer or knows no broker, or when both are given.
 */
export async function findBrokers(
  args: readonly string[],
  table: OptionTable,
  terminal: Pick<Terminal, 'err'>,
): Promise<readonly string[]> {
  if (table.zookeeper || !table['bootstrap-server']) return args;
  const found = zooKeeperIn(args, table);
  if (!found) return args;
  const { option, connect, rest, at } = found;
  if (rest.some((word) => /^--?bootstrap-server(=|$)/.test(word))) {
    throw refused(`Only one of --bootstrap-server or ${option} must be specified`);
  }
  if (connect === '') throw refused(`${option} needs the address of ZooKeeper: HOST:2181, or HOST:2181/chroot`);
  const { brokersInZooKeeper, isZooKeeperError } = await import('@moldau/metadata/zookeeper');
  let brokers: Awaited<ReturnType<typeof brokersInZooKeeper>>;
  try {
    brokers = await brokersInZooKeeper(nodePorts, connect, TIMEOUT_MS);
  } catch (error) {
    const hint = isZooKeeperError(error) ? '' : `'${connect}': `;
    throw refused(`${option}: ${hint}${(error as Error).message}`);
  }
  const servers = brokers.flatMap(({ endpoints }) => {
    const open = endpoints.find(({ protocol }) => protocol === 'PLAINTEXT') ?? endpoints[0];
    return open ? [`${open.host.includes(':') ? `[${open.host}]` : open.host}:${open.port}`] : [];
  });
  if (servers.length === 0) {
    throw refused(
      `${option}: no broker is registered in ZooKeeper (${connect}). Is the chroot right, and does a broker run?`,
    );
  }
  terminal.err(`Warning: ${option} is deprecated: the brokers were found there. Give --bootstrap-server instead.\n`);
  const words = [...rest];
  words.splice(at, 0, '--bootstrap-server', servers.join(','));
  return words;
}

function zooKeeperIn(args: readonly string[], table: OptionTable): Found | undefined {
  const plain = optionIn(args, 'zookeeper');
  if (plain || table['authorizer-properties'] || !table['allow-principal']) return plain;
  const { rest } = optionIn(args, 'authorizer') ?? { rest: args };
  const properties = optionIn(rest, 'authorizer-properties');
  const connect = properties && /(?:^|,)\s*zookeeper\.connect=(.*)$/.exec(properties.connect)?.[1];
  return connect === undefined ? undefined : { ...properties!, connect };
}

/** `--name value` or `--name=value`, with one dash or two. */
function optionIn(args: readonly string[], name: string): Found | undefined {
  const at = args.findIndex((word) => new RegExp(`^--?${name}(=|$)`).test(word));
  if (at < 0) return undefined;
  const word = args[at]!;
  const isInline = word.includes('=');
  const connect = isInline ? word.slice(word.indexOf('=') + 1) : (args[at + 1] ?? '');
  const rest = [...args.slice(0, at), ...args.slice(at + (isInline ? 1 : 2))];
  return { option: `--${name}`, connect, rest, at };
}

const refused = (message: string) => new CommandLineError(message, { usage: false });
