// Topics of a cluster's rows: three replicas, two of which must have a record before it is acknowledged.
import type { Admin, TopicDescription } from '@moldau/client';
import type { Peer } from '@moldau/conformance/peer/broker-process';

const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Creates a topic and waits until all replicas are in sync. */
export async function createReplicated(admin: Admin, name: string, partitions: number): Promise<void> {
  const configs = { 'min.insync.replicas': '2' };
  const outcome = (await admin.createTopics([{ name, numPartitions: partitions, replicationFactor: 3, configs }])).get(
    name,
  );
  if (outcome instanceof Error) throw outcome;
  await whenInSync(admin, [name]);
}

/** Resolves when every partition has a leader and all its replicas in sync. */
export async function whenInSync(admin: Admin, names: readonly string[], timeoutMs = 120_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const missing = await outOfSync(admin, names);
    if (missing === undefined) return;
    if (performance.now() > deadline) throw new Error(`not in sync after ${timeoutMs} ms: ${missing}`);
    await sleep(50);
  }
}

async function outOfSync(admin: Admin, names: readonly string[]): Promise<string | undefined> {
  try {
    for (const description of (await described(admin, names)).values()) {
      for (const { partition, leader, isr, replicas } of description.partitions) {
        if (!leader || isr.length < replicas.length) return `${description.name}-${partition}`;
      }
    }
    return undefined;
  } catch (error) {
    return String(error);
  }
}

async function described(admin: Admin, names: readonly string[]): Promise<Map<string, TopicDescription>> {
  const found = new Map<string, TopicDescription>();
  for (const [name, outcome] of await admin.describeTopics(names, { timeoutMs: 20_000 })) {
    if (outcome instanceof Error) throw outcome;
    found.set(name, outcome);
  }
  return found;
}

/** `host:port` of the leader of each partition. */
export async function leadersOf(admin: Admin, name: string): Promise<string[]> {
  const { partitions } = (await described(admin, [name])).get(name)!;
  return [...partitions]
    .sort((a, b) => a.partition - b.partition)
    .map(({ leader }) => `${leader?.host}:${leader?.port}`);
}

/** The broker that leads partition 0. */
export async function leader(admin: Admin, name: string, brokers: readonly Peer[]): Promise<Peer> {
  const [address] = await leadersOf(admin, name);
  const peer = brokers.find(({ bootstrap }) => bootstrap === address);
  if (!peer) throw new Error(`nobody at ${address} leads ${name}-0`);
  return peer;
}

export { sleep };
