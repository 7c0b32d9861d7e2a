// KafkaJS's partitioners: a given partition, else the hash of the key, else one partition after the other among those
// with a leader. Default hashes as Kafka's Java client does; Legacy as KafkaJS did before 2.0, whose arithmetic in floating
// point lands many keys elsewhere: kept so that topics written that way keep their order by key.
import { partitionOfKey } from '../producer/murmur2.ts';
import type { ICustomPartitioner, Message, PartitionMetadata } from './model.ts';

function partitioner(ofKey: (key: Buffer, count: number) => number): ICustomPartitioner {
  return () => {
    const turns = new Map<string, number>();
    return ({ topic, partitionMetadata, message }) => {
      if (message.partition !== undefined && message.partition !== null) return message.partition;
      const { key } = message as Message;
      if (key !== undefined && key !== null) return ofKey(bytesOf(key), partitionMetadata.length);
      const available = partitionMetadata.filter(({ leader }) => leader >= 0);
      const among: readonly PartitionMetadata[] = available.length > 0 ? available : partitionMetadata;
      const turn = turns.get(topic) ?? 0;
      turns.set(topic, turn + 1);
      return among[turn % among.length]?.partitionId ?? 0;
    };
  };
}

function bytesOf(key: Buffer | string): Buffer {
  return Buffer.isBuffer(key) ? key : Buffer.from(String(key));
}

const SEED = 0x9747b28c;
const MULTIPLIER = 0x5bd1e995;

/** Murmur2 with products in doubles, which lose their low bits: what KafkaJS 1.x computed. Bytes past the end count as 0. */
function legacyHash(key: Buffer): number {
  const { length } = key;
  let hash = SEED ^ length;
  for (let at = 0; at < length; at += 4) {
    let word = (key[at] ?? 0) + ((key[at + 1] ?? 0) << 8) + ((key[at + 2] ?? 0) << 16) + ((key[at + 3] ?? 0) << 24);
    word *= MULTIPLIER;
    word ^= word >>> 24;
    word *= MULTIPLIER;
    hash *= MULTIPLIER;
    hash ^= word;
  }
  const whole = length & ~3;
  const rest = length % 4;
  if (rest === 3) hash ^= key[whole + 2]! << 16;
  if (rest >= 2) hash ^= key[whole + 1]! << 8;
  if (rest >= 1) {
    hash ^= key[whole]!;
    hash *= MULTIPLIER;
  }
  hash ^= hash >>> 13;
  hash *= MULTIPLIER;
  hash ^= hash >>> 15;
  return hash;
}

const DefaultPartitioner = partitioner(partitionOfKey);

export const Partitioners = {
  DefaultPartitioner,
  LegacyPartitioner: partitioner((key, count) => (legacyHash(key) & 0x7fffffff) % count),
  JavaCompatiblePartitioner: DefaultPartitioner,
};
