// Reads the files of a metadata store back into a picture of the cluster. Writes nothing: what has to be cut off is
// reported, and cut by the one who is about to append.
// Always: what was acknowledged comes back, or the store is refused with words; a shorter truth is never served.
import { type Disk, DiskError } from '@moldau/kernel';
import { EngineError } from '../../engine.ts';
import { ClusterImage } from '../../image.ts';
import { isMetadataRecord, type MetadataBatch } from '../../records.ts';
import { parseName, type StoreFile } from './file-names.ts';
import { decodeSnapshot } from './snapshot.ts';
import { chainStart, readUnit } from './write-unit.ts';

export interface LoadedStore {
  /** Empty when there is no store yet. */
  readonly image: ClusterImage;
  readonly files: readonly StoreFile[];
  /** Logs without content, begun by a run that stopped before it wrote: they say nothing and may be removed. */
  readonly emptyLogs: readonly StoreFile[];
  /** The log that goes on being written: its name, good length and the CRC its next unit begins with. */
  readonly tail: { readonly name: string; readonly length: number; readonly chain: number } | undefined;
  /** Bytes behind `tail.length`, of a write that never finished. */
  readonly tornBytes: number;
  /** Bytes of log that are not in a snapshot. */
  readonly loggedBytes: number;
  /** Snapshots that could not be read, although nothing is lost without them. */
  readonly damagedSnapshots: readonly { readonly name: string; readonly detail: string }[];
}

/** Throws EngineError CORRUPT when the files do not hold together, DiskError when they cannot be read. */
export async function loadStore(disk: Disk, directory: string): Promise<LoadedStore> {
  const found = await storeFiles(disk, directory);
  const isEmpty = (file: StoreFile) =>
    file.kind === 'log' && disk.statSync(`${directory}/${file.name}`).sizeBytes === 0;
  const emptyLogs = found.filter(isEmpty);
  const files = found.filter((file) => !emptyLogs.includes(file));
  const snapshots = files.filter((file) => file.kind === 'snapshot').sort((a, b) => b.offset - a.offset);
  const logs = files.filter((file) => file.kind === 'log').sort((a, b) => a.offset - b.offset);
  const damagedSnapshots: { name: string; detail: string }[] = [];
  let image = ClusterImage.empty;
  for (const file of snapshots) {
    const decoded = decodeSnapshot(disk.readFileSync(`${directory}/${file.name}`), file.name);
    if (decoded instanceof ClusterImage) {
      image = decoded;
      break;
    }
    damagedSnapshots.push({ name: file.name, detail: decoded.damage });
  }
  // A log is needed when it, or the one after it, reaches past the snapshot.
  const needed = logs.filter((_, index) => (logs[index + 1]?.offset ?? Number.POSITIVE_INFINITY) > image.offset + 1);
  const first = needed[0];
  const covered = first === undefined ? image.offset >= 0 || files.length === 0 : first.offset <= image.offset + 1;
  const newestSnapshot = snapshots[0]?.offset ?? -1;
  if (!covered) {
    const why = damagedSnapshots.map(({ name, detail }) => ` ${name} is damaged (${detail}).`).join('');
    throw corrupt(directory, `the files from offset ${image.offset + 1} on are missing or damaged.${why}`);
  }

  let tail: LoadedStore['tail'];
  let tornBytes = 0;
  let loggedBytes = 0;
  for (const [index, file] of needed.entries()) {
    if (index > 0 && file.offset !== image.offset + 1) {
      throw corrupt(
        directory,
        `${file.name} begins at offset ${file.offset}, but the files before it end at ${image.offset}.`,
      );
    }
    const bytes = disk.readFileSync(`${directory}/${file.name}`);
    const read = readLog(directory, file.name, bytes, image, index === needed.length - 1);
    image = read.image;
    tornBytes = bytes.length - read.length;
    loggedBytes += read.length;
    tail = { name: file.name, length: read.length, chain: read.chain };
  }
  if (image.offset < newestSnapshot) {
    throw corrupt(
      directory,
      `it reaches offset ${image.offset} only, and a snapshot up to ${newestSnapshot} is damaged.`,
    );
  }
  return { image, files, emptyLogs, tail, tornBytes, loggedBytes, damagedSnapshots };
}

async function storeFiles(disk: Disk, directory: string): Promise<StoreFile[]> {
  try {
    const entries = await disk.list(directory);
    return entries.flatMap((entry) => (entry.kind === 'file' ? (parseName(entry.name) ?? []) : []));
  } catch (error) {
    if (error instanceof DiskError && error.code === 'ENOENT') return [];
    throw error;
  }
}

function readLog(directory: string, name: string, file: Buffer, from: ClusterImage, last: boolean) {
  let image = from;
  let chain = chainStart(name);
  let position = 0;
  for (;;) {
    const unit = readUnit(file, position, chain);
    switch (unit.kind) {
      case 'unit':
        image = applyUnit(directory, name, unit.value, image);
        position = unit.end;
        chain = unit.chain;
        continue;
      case 'end':
        return { image, length: position, chain };
      case 'torn':
        if (last) return { image, length: position, chain };
        throw corrupt(directory, `${name} ends inside a write, but there is a later file.`);
      case 'damaged':
        throw corrupt(directory, `${name} is damaged ${unit.detail}.`);
    }
  }
}

function applyUnit(directory: string, name: string, value: unknown, from: ClusterImage): ClusterImage {
  let image = from;
  for (const batch of value as MetadataBatch[]) {
    if (batch.offset <= image.offset) continue; // in the snapshot already
    const foreign = batch.records.find((record) => !isMetadataRecord(record));
    if (foreign) {
      throw new EngineError(
        'FOREIGN',
        `${directory}/${name} holds a record this version of Moldau does not know (${JSON.stringify(foreign).slice(0, 200)}). A newer version wrote it; start that one.`,
      );
    }
    if (batch.offset !== image.offset + 1) {
      throw corrupt(directory, `${name} holds offset ${batch.offset} behind ${image.offset}.`);
    }
    image = image.apply(batch);
  }
  return image;
}

function corrupt(directory: string, what: string): EngineError {
  return new EngineError(
    'CORRUPT',
    `The metadata of the cluster in ${directory} cannot be trusted: ${what} Nothing was changed. Restore the directory from a backup, and do not start with an empty one: the topics on disk would then be unknown.`,
  );
}
