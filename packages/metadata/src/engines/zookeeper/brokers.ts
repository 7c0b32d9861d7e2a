// Finds a cluster's brokers in its ZooKeeper: for tools that are told `--zookeeper host:2181/chroot`, as in Kafka's old
// releases. Reads /brokers/ids, ours and Kafka's alike.
import type { AliveBroker } from '../../engine.ts';
import { ZooKeeperClient, type ZooKeeperOptions } from './client/client.ts';
import { parseConnectString } from './client/connect-string.ts';
import { BROKER_IDS, brokerPath } from './layout.ts';
import { decodeBroker } from './znode-json.ts';

/** By id; empty when none is alive there. Throws ZooKeeperError when no server answers within `timeoutMs`. */
export async function brokersInZooKeeper(
  ports: ZooKeeperOptions['ports'],
  connect: string,
  timeoutMs: number,
): Promise<AliveBroker[]> {
  const client = new ZooKeeperClient({ ports, connect: parseConnectString(connect), sessionTimeoutMs: timeoutMs });
  try {
    await client.connected(timeoutMs);
    if (!(await client.exists(BROKER_IDS))) return [];
    const { names } = await client.getChildren(BROKER_IDS);
    const ids = names.map(Number).filter((id) => Number.isSafeInteger(id));
    const found = await Promise.all(ids.map((id) => client.findData(brokerPath(id))));
    return found
      .map((one, index) => one && decodeBroker(ids[index]!, one.stat.czxid, one.data))
      .filter((broker) => broker !== undefined)
      .sort((a, b) => a.brokerId - b.brokerId);
  } finally {
    await client.close();
  }
}
