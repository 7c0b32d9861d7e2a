// What readers of a topic see of transactions, whichever client they are: everything up to a record that marks the end.
import type { ClientAdapter, ConnectedClient } from '../../contract/client.ts';
import { distinct, values } from '../../contract/records.ts';
import { eventually } from '../../suite/eventually.ts';
import { fresh } from '../../suite/target.ts';

/** The value of the last record of each partition. */
export const END = 'the end';

/** Values that the reader sees, in order within each partition, without the marks. */
export async function seen(
  client: ConnectedClient,
  topic: string,
  partitions: number,
  o: { isolation?: 'read_committed' } = {},
): Promise<string[]> {
  const member = await client.join({ group: fresh('reader'), topic, ...o });
  try {
    await eventually(`the end of ${partitions} partitions of ${topic}`, () => {
      if (member.failure()) throw member.failure();
      return distinct(member.records).filter(({ value }) => value?.toString() === END).length === partitions;
    });
    const records = distinct(member.records).toSorted((a, b) => a.partition - b.partition || a.offset - b.offset);
    return values(records).filter((value) => value !== END);
  } finally {
    await member.leave();
  }
}

export async function connectAll(
  adapters: readonly ClientAdapter[],
  bootstrap: string,
): Promise<Map<string, ConnectedClient>> {
  const clients = new Map<string, ConnectedClient>();
  for (const adapter of adapters) clients.set(adapter.name, await adapter.connect(bootstrap));
  return clients;
}
