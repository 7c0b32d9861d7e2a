// A batch of the metadata log as the data of one znode, and a picture as pieces that fit into znodes. Pure. Small batches
// are plain JSON, so that `get /moldau/log/…` in ZooKeeper's shell shows them; large ones are that JSON deflated.
import { deflateSync, inflateSync } from 'node:zlib';
import { crc32c } from '@moldau/protocol/crc32c';
import { ClusterImage } from '../../image.ts';
import { isMetadataRecord, type MetadataBatch, type MetadataRecord } from '../../records.ts';
import { snapshotRecords } from '../embedded/snapshot.ts';

/** ZooKeeper refuses requests above 1 MiB (jute.maxbuffer); a multi with all its paths must stay below. */
export const ZNODE_BYTES_MAX = 900_000;
const PLAIN_BYTES_MAX = 4_096;
/** Of one batch or picture, unpacked: a damaged or hostile znode must not fill the memory. */
const UNPACKED_BYTES_MAX = 1 << 30;

export class StoreDamage extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'StoreDamage';
  }
}

export function encodeBatch(batch: MetadataBatch): Buffer {
  const plain = Buffer.from(JSON.stringify(batch));
  return plain.length <= PLAIN_BYTES_MAX ? plain : deflateSync(plain, { level: 3 });
}

/** Throws StoreDamage. */
export function decodeBatch(offset: number, data: Buffer): MetadataBatch {
  const value = unpacked(data, `batch ${offset}`) as Partial<MetadataBatch> | null;
  if (value?.offset !== offset || typeof value.epoch !== 'number' || !Array.isArray(value.records)) {
    throw new StoreDamage(`batch ${offset} of the metadata log in ZooKeeper holds something else`);
  }
  return { offset, epoch: value.epoch, records: known(value.records, `batch ${offset}`) };
}

function known(records: readonly unknown[], of: string): MetadataRecord[] {
  for (const record of records) {
    if (isMetadataRecord(record)) continue;
    const kind = String((record as { kind?: unknown } | null)?.kind);
    throw new StoreDamage(`${of} in ZooKeeper holds a record that this version does not know (${kind})`);
  }
  return records as MetadataRecord[];
}

function unpacked(data: Buffer, of: string): unknown {
  try {
    const plain = data[0] === 0x7b ? data : inflateSync(data, { maxOutputLength: UNPACKED_BYTES_MAX });
    return JSON.parse(plain.toString());
  } catch (cause) {
    throw new StoreDamage(`${of} in ZooKeeper cannot be read: ${(cause as Error).message}`);
  }
}

/** What the parent of a snapshot's pieces says once they are all there. */
export interface SnapshotSeal {
  readonly offset: number;
  readonly epoch: number;
  readonly pieces: number;
  readonly crc: number;
}

export function encodeSnapshot(image: ClusterImage): { seal: SnapshotSeal; pieces: Buffer[] } {
  const packed = deflateSync(Buffer.from(JSON.stringify({ records: [...snapshotRecords(image)] })), { level: 3 });
  const pieces: Buffer[] = [];
  for (let at = 0; at < packed.length; at += ZNODE_BYTES_MAX) pieces.push(packed.subarray(at, at + ZNODE_BYTES_MAX));
  return { seal: { offset: image.offset, epoch: image.epoch, pieces: pieces.length, crc: crc32c(packed) }, pieces };
}

/** Undefined when the snapshot was never finished. */
export function decodeSeal(data: Buffer): SnapshotSeal | undefined {
  return data.length === 0 ? undefined : (unpacked(data, 'a snapshot') as SnapshotSeal);
}

/** Throws StoreDamage. */
export function decodeSnapshot(seal: SnapshotSeal, pieces: readonly Buffer[]): ClusterImage {
  const packed = Buffer.concat(pieces);
  if (crc32c(packed) !== seal.crc) throw new StoreDamage(`snapshot ${seal.offset} in ZooKeeper is damaged`);
  const { records } = unpacked(packed, `snapshot ${seal.offset}`) as { records: unknown[] };
  return ClusterImage.fromSnapshot(known(records, `snapshot ${seal.offset}`), seal.offset, seal.epoch);
}
