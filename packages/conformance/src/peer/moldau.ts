// Moldau as a peer: a real process, started as the script that people use does (bin/kafka-server-start.sh), on a free port,
// with its data in a directory of its own. Node's flags can be added for profiling (`MOLDAU_NODE_OPTIONS`).
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PeerOptions } from './apache-kafka.ts';
import { BrokerProcess, type Peer, propertiesText } from './broker-process.ts';
import { moldauCommand } from './command-line.ts';
import { freePorts } from './free-ports.ts';

/**
 * Starts a fresh Moldau broker and resolves when it serves. `directory` takes over an existing log directory instead of
 * an empty one (it is then not removed by `close()`).
 */
export async function startMoldau(
  o: PeerOptions & { durability?: 'fsync' | 'os'; dataDirectory?: string; wait?: boolean } = {},
): Promise<Peer> {
  const directory = mkdtempSync(join(tmpdir(), 'moldau-'));
  const data = o.dataDirectory ?? join(directory, 'data');
  mkdirSync(data, { recursive: true });
  const port = o.port ?? (await freePorts(1))[0];
  if (port === undefined) throw new Error('no free port');
  const properties = join(directory, 'server.properties');
  writeFileSync(
    properties,
    propertiesText({
      'node.id': 1,
      listeners: `PLAINTEXT://127.0.0.1:${port}`,
      'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
      'log.dirs': data,
      'offsets.topic.replication.factor': 1,
      'group.initial.rebalance.delay.ms': 0,
      ...(o.durability ? { 'log.durability': o.durability } : {}),
      ...o.properties,
    }),
  );
  const options = process.env.MOLDAU_NODE_OPTIONS;
  const [file, ...args] = moldauCommand('kafka-server-start', properties);
  const broker = new BrokerProcess(
    {
      name: 'Moldau',
      file,
      args,
      ...(options ? { env: { NODE_OPTIONS: options } } : {}),
      host: '127.0.0.1',
      port,
      directory,
      startTimeoutMs: 60_000,
    },
    data,
  );
  if (o.wait !== false) await broker.start();
  return broker;
}
