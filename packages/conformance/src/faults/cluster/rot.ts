// Bit rot on one replica, from the flip until it is mended (docs/operations.md, "Damaged data"):
//   the broker is killed or stopped, a bit of a closed segment flipped, the broker started
//   it leads the partition: a reader from the beginning gets everything, and hears of no damage
//   by then the bit on the disk is as it was: the broker put back what the others have, nobody helped it
// Where every record that was handed out goes, the history, the checker compares it with what everybody else saw.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Admin, Consumer, KafkaError } from '@moldau/client';
import type { History } from '@moldau/history';
import { closedSegments, flipBit, isFlipped, isMended } from '../machine/bit-flip.ts';
import type { FaultCluster, FaultNode } from './fault-cluster.ts';
import { placeOfValue } from './workload.ts';

/** What a nemesis may know of the run beside the cluster. */
export interface Scene {
  readonly topic: string;
  readonly history: History;
  readonly now: () => number;
  readonly say: (line: string) => void;
  readonly complain: (text: string) => void;
}

/** This part of the brokers is killed before the bit is flipped, the others are stopped in order. */
const KILLED = 0.3;
const PATIENCE_MS = 60_000;

export async function rot(cluster: FaultCluster, victim: FaultNode, variant: number, scene: Scene): Promise<void> {
  const { say, complain } = scene;
  const admin = new Admin({ bootstrapServers: cluster.bootstrap });
  const reader = `rot-reader-${victim.id}-${scene.now()}`;
  try {
    const partition = await mostClosed(admin, victim, scene);
    const folder = join(victim.peer.dataDirectory, `${scene.topic}-${partition}`);
    // After a kill what lies past the recovery point is looked through at the start; after a stop nothing is.
    if (variant < KILLED) await victim.peer.kill();
    else await victim.peer.stop();
    const flip = partition === undefined ? undefined : flipBit(folder, variant);
    await victim.peer.start();
    if (partition === undefined || !flip) {
      say('no segment is closed yet: nothing to flip');
      return;
    }
    const where = `${scene.topic}-${partition} of broker ${victim.id}, ${flip.file} byte ${flip.position}`;
    await takeTheLead(admin, scene.topic, partition, victim.id);
    const { error, position } = await readFromTheBeginning(cluster, partition, scene, { reader, session: 1 });
    if (error !== undefined) complain(`damage was not mended: ${where}: ${error} at offset ${position}`);
    if (isFlipped(folder, flip)) complain(`a flipped bit was passed over: ${where}`);
    // Past the recovery point it was cut with what follows, as an unfinished write, and copied again from the leader.
    say(`flipped a bit of ${where}: ${isMended(folder, flip) ? 'mended' : 'copied again'}`);
  } finally {
    await admin.close();
  }
}

/** Of the partitions that the broker is the first to lead, the one with the most closed segments. */
async function mostClosed(admin: Admin, { id, peer }: FaultNode, { topic }: Scene): Promise<number | undefined> {
  const described = (await admin.describeTopics([topic])).get(topic);
  if (described === undefined || described instanceof Error) throw described ?? new Error('no answer');
  let best: { readonly partition: number; readonly closed: number } | undefined;
  for (const { partition, replicas } of described.partitions) {
    if (replicas[0]?.id !== id) continue;
    const closed = closedSegments(join(peer.dataDirectory, `${topic}-${partition}`)).length;
    if (closed > (best?.closed ?? 0)) best = { partition, closed };
  }
  return best?.partition;
}

/** Waits until the replica is in sync and made leader. */
async function takeTheLead(admin: Admin, topic: string, partition: number, id: number): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  let seen = '';
  while (performance.now() < deadline) {
    try {
      const described = (await admin.describeTopics([topic], { timeoutMs: 5_000 })).get(topic);
      if (described === undefined || described instanceof Error) throw described ?? new Error('no answer');
      const { leader, isr } = described.partitions[partition]!;
      seen = `leader ${leader?.id}, isr ${isr.map((one) => one.id).join()}`;
      if (leader?.id === id) return;
      if (isr.some((one) => one.id === id)) await admin.electLeaders('preferred', [{ topic, partition }]);
    } catch (error) {
      seen = String(error);
    }
    await sleep(200);
  }
  throw new Error(`broker ${id} does not come to lead ${topic}-${partition}: ${seen}`);
}

/** Until the end of now, or until something is refused. */
async function readFromTheBeginning(
  cluster: FaultCluster,
  partition: number,
  { topic, history, now }: Scene,
  as: { readonly reader: string; readonly session: number },
): Promise<{ readonly position: number; readonly error: string | undefined }> {
  const consumer = new Consumer({ bootstrapServers: cluster.bootstrap, autoOffsetReset: 'earliest' });
  const at = { topic, partition };
  let position = 0;
  try {
    const [end] = await consumer.endOffsets([at]);
    consumer.assign([at]);
    consumer.seekToBeginning([at]);
    const deadline = performance.now() + PATIENCE_MS;
    while (position < end!.offset) {
      if (performance.now() > deadline) return { position, error: 'nothing came' };
      for (const { offset, value } of await consumer.poll(200)) {
        history.add({ kind: 'polled', at: now(), ...at, ...as, offset, value: placeOfValue(String(value)) });
        position = offset + 1;
      }
    }
    return { position, error: undefined };
  } catch (error) {
    return { position, error: error instanceof KafkaError ? error.error : String(error) };
  } finally {
    await consumer.close();
  }
}
