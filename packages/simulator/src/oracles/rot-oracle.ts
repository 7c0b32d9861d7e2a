// Invariant 16: a flipped bit of one replica is noticed before it is handed to anybody. Looks at every answer that a log with
// a flipped bit gives, to consumers, followers and coordinators alike, which all read by `PartitionLog.read`; and at what a
// broker says is damaged: a sound log that is called damaged would be as wrong.
// In the flow: after each event of a broker whose disk has rotted, the logs that it opened since are watched too.
import { batchSizeOf, computeCrc, crcOf, magicOf } from '@moldau/protocol/records/batch-header';
import type { LogRefusal, LogSlice, PartitionLog } from '@moldau/storage';
import type { NodeEvent, SimNode } from '../cluster/sim-node.ts';
import type { BitRot } from '../faults/bit-rot.ts';
import type { World } from '../world/world.ts';
import { Broken } from './broken.ts';

type Answer = LogSlice | LogRefusal;

const PREFIX_BYTES = 61;

export class RotOracle {
  readonly #world: World;
  readonly #rot: BitRot;
  readonly #watched = new WeakSet<PartitionLog>();
  /** Answers that were looked at, and damage that was told. */
  looks = 0;
  noticed = 0;
  mended = 0;

  constructor(world: World, rot: BitRot) {
    this.#world = world;
    this.#rot = rot;
  }

  look(node: SimNode): void {
    if (!node.broker || !this.#rot.hasStruck(node)) return;
    for (const { topic, index, log } of node.broker.context.partitions.all()) {
      if (this.#watched.has(log) || !this.#rot.struck(node, topic, index)) continue;
      this.#watched.add(log);
      this.#watch(node, log);
    }
  }

  onEvent(node: SimNode, { name, fields }: NodeEvent): void {
    if (name === 'replica.repaired') this.mended++;
    if (name !== 'storage.logDamaged') return;
    this.noticed++;
    const file = String(fields.file);
    const [topicPartition] = file.split('/').slice(-2);
    const at = topicPartition!.lastIndexOf('-');
    if (this.#rot.struck(node, topicPartition!.slice(0, at), Number(topicPartition!.slice(at + 1)))) return;
    this.#world.fail(
      new Broken(16, `broker ${node.id} calls ${file} damaged (${fields.detail}), which nothing has touched`),
    );
  }

  #watch(node: SimNode, log: PartitionLog): void {
    const read = log.read.bind(log);
    log.read = (options) => {
      const answer = read(options);
      return answer instanceof Promise
        ? answer.then((late) => this.#checked(node, log, late))
        : this.#checked(node, log, answer);
    };
  }

  #checked(node: SimNode, log: PartitionLog, answer: Answer): Answer {
    this.looks++;
    if (answer.kind !== 'slice') return answer;
    const fault = faultIn(Buffer.concat(answer.chunks));
    if (fault !== undefined) {
      const where = `${log.topic}-${log.partition} on broker ${node.id}`;
      this.#world.fail(new Broken(16, `${where}: a read was answered with damaged bytes: ${fault}`));
    }
    return answer;
  }
}

/** Why these are not whole and intact batches, offsets rising; undefined when they are. */
function faultIn(bytes: Buffer): string | undefined {
  let offset = -1;
  for (let at = 0; at < bytes.length; ) {
    if (at + PREFIX_BYTES > bytes.length) return `${bytes.length - at} bytes too many`;
    const size = batchSizeOf(bytes, at);
    if (size < PREFIX_BYTES || at + size > bytes.length) return `a batch of ${size} bytes`;
    if (magicOf(bytes, at) !== 2) return `format ${magicOf(bytes, at)}`;
    if (computeCrc(bytes, at) !== crcOf(bytes, at)) return `checksum of the batch ${at} bytes in`;
    const baseOffset = Number(bytes.readBigInt64BE(at));
    if (baseOffset <= offset) return `offset ${baseOffset} behind ${offset}`;
    offset = baseOffset + bytes.readInt32BE(at + 23);
    at += size;
  }
  return undefined;
}
