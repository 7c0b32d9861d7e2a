// The embedded store: the metadata log as fsynced files of this process, `__moldau_metadata/` beside the data. One
// process, one or several brokers in it, each a member (`embedded/member.ts`); the first that stands for election is the
// controller until it leaves.
// In the flow: the controller appends; batches that wait while the disk syncs are written together, then given to the
// members in order, and each append is answered when the controller's own member has applied it.
// Always: a batch is on the disk before anybody sees it; after a failed sync nothing is appended any more (S2).
import { assert, type Disk, DiskError, type DiskFile, type DiskLock, replaceFile, type Timers } from '@moldau/kernel';
import {
  type AliveBroker,
  type BrokerRegistration,
  EngineError,
  type Leadership,
  type Registration,
} from '../engine.ts';
import type { ClusterImage } from '../image.ts';
import type { MetadataBatch, MetadataRecord } from '../records.ts';
import { logName, obsolete, parseName, type StoreFile, snapshotName } from './embedded/file-names.ts';
import { EmbeddedMember } from './embedded/member.ts';
import { encodeSnapshot } from './embedded/snapshot.ts';
import { type LoadedStore, loadStore } from './embedded/store.ts';
import { chainStart, encodeUnit } from './embedded/write-unit.ts';

/** What the engine tells without being asked. */
export type EmbeddedEvent =
  /** The last write of the run before never finished; it was not acknowledged and is gone. */
  | { readonly kind: 'tailCut'; readonly file: string; readonly bytes: number }
  | { readonly kind: 'snapshotTaken'; readonly file: string; readonly offset: number; readonly bytes: number }
  | { readonly kind: 'snapshotFailed'; readonly error: unknown }
  | { readonly kind: 'snapshotDamaged'; readonly file: string; readonly detail: string }
  /** Nothing is appended any more until a restart. */
  | { readonly kind: 'failed'; readonly error: unknown };

export interface EmbeddedOptions {
  readonly ports: { readonly disk: Disk; readonly timers: Timers };
  /** Made at the first append. */
  readonly directory: string;
  /** Bytes of log after which a snapshot is made. Default 20 MiB. */
  readonly snapshotBytes?: number;
  readonly onEvent?: (event: EmbeddedEvent) => void;
}

interface Waiting {
  readonly batch: MetadataBatch;
  /** The picture with this batch. */
  readonly image: ClusterImage;
  readonly resolve: (offset: number) => void;
  readonly reject: (error: EngineError) => void;
}

interface Candidate {
  readonly brokerId: number;
  readonly member: EmbeddedMember;
  readonly elected: (epoch: number) => void;
  readonly refused: (error: unknown) => void;
  readonly lost: ((why: string) => void)[];
}

/** Appends that wait at a time; more are refused (FULL). A controller has a handful in flight. */
const WAITING_MAX = 10_000;
const SNAPSHOT_BYTES = 20 * 1024 * 1024;
const passing = new Set(['ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE']);

export class EmbeddedStore {
  readonly #disk: Disk;
  readonly #timers: Timers;
  readonly #directory: string;
  readonly #snapshotBytes: number;
  readonly #onEvent: (event: EmbeddedEvent) => void;
  readonly #members = new Set<EmbeddedMember>();
  readonly #alive = new Map<number, AliveBroker & { readonly lost: ((why: string) => void)[] }>();
  readonly #candidates: Candidate[] = [];

  #image: ClusterImage;
  /** Undefined until the first append. */
  #file: DiskFile | undefined;
  #lock: DiskLock | undefined;
  #files: StoreFile[];
  readonly #emptyLogs: StoreFile[];
  #tail: { name: string; length: number; chain: number } | undefined;
  #tornBytes: number;
  #loggedBytes: number;
  #waiting: Waiting[] = [];
  #draining: Promise<void> | undefined;
  #snapshotting: Promise<void> | undefined;
  #pending: ClusterImage;
  #epoch = 0;
  #lastBrokerEpoch = 0;
  #clusterId: string | undefined;
  #failure: EngineError | undefined;

  private constructor(options: EmbeddedOptions, loaded: LoadedStore) {
    this.#disk = options.ports.disk;
    this.#timers = options.ports.timers;
    this.#directory = options.directory;
    this.#snapshotBytes = options.snapshotBytes ?? SNAPSHOT_BYTES;
    this.#onEvent = options.onEvent ?? (() => {});
    this.#image = loaded.image;
    this.#files = [...loaded.files];
    this.#emptyLogs = [...loaded.emptyLogs];
    this.#tail = loaded.tail && { ...loaded.tail };
    this.#tornBytes = loaded.tornBytes;
    this.#loggedBytes = loaded.loggedBytes;
    this.#pending = loaded.image;
    this.#lastBrokerEpoch = Math.max(0, ...loaded.image.brokers().map((broker) => broker.brokerEpoch));
  }

  /**
   * Reads the store; changes nothing on disk before the first election. Throws EngineError CORRUPT or FOREIGN, or
   * DiskError.
   */
  static async open(options: EmbeddedOptions): Promise<EmbeddedStore> {
    const loaded = await loadStore(options.ports.disk, options.directory);
    for (const { name, detail } of loaded.damagedSnapshots) {
      options.onEvent?.({ kind: 'snapshotDamaged', file: `${options.directory}/${name}`, detail });
    }
    return new EmbeddedStore(options, loaded);
  }

  /** One broker's view. With `closesStore` the store is closed with it: for a process of one broker. */
  member(o: { readonly closesStore?: boolean } = {}): EmbeddedMember {
    const member: EmbeddedMember = new EmbeddedMember(this, this.#image, {
      onClose: async () => {
        this.#members.delete(member);
        if (o.closesStore) await this.close();
      },
    });
    this.#members.add(member);
    return member;
  }

  /** Everything that is durable. */
  get image(): ClusterImage {
    return this.#image;
  }

  get pending(): ClusterImage {
    return this.#pending;
  }

  /** True as long as no cluster was ever formed here. */
  get fresh(): boolean {
    return this.#image.clusterId === undefined;
  }

  /** Names the cluster that the first election of a fresh store forms; the first name holds. */
  form(clusterId: string): string {
    if (!this.fresh) return this.#image.clusterId!;
    this.#clusterId ??= clusterId;
    return this.#clusterId;
  }

  /** Whether this member's broker is the controller. */
  isLed(member: EmbeddedMember): boolean {
    return this.#candidates[0]?.member === member;
  }

  async elect(brokerId: number, member: EmbeddedMember): Promise<Leadership> {
    const lost: ((why: string) => void)[] = [];
    const epoch = await new Promise<number>((elected, refused) => {
      this.#candidates.push({ brokerId, member, elected, refused, lost });
      if (this.#candidates.length === 1) void this.#lead();
    });
    return { epoch, onLost: (listener) => lost.push(listener) };
  }

  /** The first candidate becomes controller; its epoch is durable before it hears of it. */
  async #lead(): Promise<void> {
    const candidate = this.#candidates[0];
    if (!candidate) return;
    assert(!this.fresh || this.#clusterId !== undefined, 'a fresh metadata store is formed before an election');
    try {
      await this.#openTail();
      this.#epoch = Math.max(this.#epoch, this.#image.epoch) + 1;
      const epoch = this.#epoch;
      const elected: MetadataRecord = { kind: 'controllerElected', brokerId: candidate.brokerId, epoch };
      const forming: MetadataRecord[] = this.fresh ? [{ kind: 'clusterFormed', clusterId: this.#clusterId! }] : [];
      await this.append(epoch, this.#pending.offset, [...forming, elected]);
      candidate.elected(epoch);
    } catch (error) {
      this.#candidates.shift();
      candidate.refused(error);
    }
  }

  append(epoch: number, after: number, records: readonly MetadataRecord[]): Promise<number> {
    if (this.#failure) return Promise.reject(this.#failure);
    if (epoch !== this.#epoch) {
      return Promise.reject(new EngineError('FENCED', `controller epoch ${epoch} is over; it is ${this.#epoch} now`));
    }
    if (after !== this.#pending.offset) {
      return Promise.reject(
        new EngineError('STALE', `decided behind offset ${after}, but the metadata log is at ${this.#pending.offset}`),
      );
    }
    if (this.#waiting.length >= WAITING_MAX) {
      return Promise.reject(new EngineError('FULL', `${WAITING_MAX} changes of the cluster wait for the disk`));
    }
    const batch: MetadataBatch = { offset: after + 1, epoch, records };
    const image = this.#pending.apply(batch);
    this.#pending = image;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ batch, image, resolve, reject });
      this.#draining ??= new Promise<void>((done) => {
        // What else this turn appends goes into the same write.
        this.#timers.afterTurn(() => void this.#drain().finally(done));
      });
    });
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0 && !this.#failure) {
      const group = this.#waiting;
      this.#waiting = [];
      try {
        await this.#write(group.map((one) => one.batch));
      } catch (error) {
        this.#refuse([...group, ...this.#waiting], error);
        continue;
      }
      for (const { batch, image, resolve } of group) {
        this.#image = image;
        const leader = this.#candidates[0]?.member;
        let applied: Promise<void> | undefined;
        for (const member of this.#members) {
          const taken = member.take(image, batch);
          if (member === leader) applied = taken;
        }
        // Others are not waited for: one that has ten thousand logs to make must not hold up the cluster.
        if (applied !== undefined) await applied;
        resolve(batch.offset);
      }
      if (this.#loggedBytes >= this.#snapshotBytes && !this.#snapshotting) await this.#rollAndSnapshot();
    }
    this.#draining = undefined;
  }

  /** One unit for the whole group: written, synced, or nothing of it counts. */
  async #write(batches: readonly MetadataBatch[]): Promise<void> {
    await this.#openTail();
    const tail = this.#tail!;
    const unit = encodeUnit(batches, tail.chain);
    try {
      await this.#file!.write([unit.bytes], tail.length);
    } catch (error) {
      // What was written of it must not stay: the next unit would stand behind it.
      await this.#file!.truncate(tail.length).catch((cause: unknown) => this.#fail(cause));
      throw error;
    }
    try {
      await this.#file!.datasync();
    } catch (error) {
      this.#fail(error);
      throw error;
    }
    tail.length += unit.bytes.length;
    tail.chain = unit.chain;
    this.#loggedBytes += unit.bytes.length;
  }

  /** Everything that waits was decided on top of what failed, and fails with it; deciding anew may succeed. */
  #refuse(group: readonly Waiting[], cause: unknown): void {
    this.#waiting = [];
    this.#pending = this.#image;
    if (!(cause instanceof DiskError && passing.has(cause.code))) this.#fail(cause);
    const error =
      this.#failure ??
      new EngineError('FULL', `The metadata of the cluster could not be written: ${(cause as Error).message}`, {
        cause,
      });
    for (const { reject } of group) reject(error);
  }

  #fail(cause: unknown): void {
    if (this.#failure) return;
    this.#failure = new EngineError(
      'FAILED',
      `The metadata of the cluster cannot be written any more (${(cause as Error).message}); it can again after a restart with a sound disk.`,
      { cause },
    );
    this.#onEvent({ kind: 'failed', error: cause });
    this.#depose('its metadata could not be written');
  }

  /** Opens the file that appends go to, and cuts off what an unfinished write left there. */
  async #openTail(): Promise<void> {
    if (this.#file) return;
    await makeDurableDirectory(this.#disk, this.#directory);
    this.#lock ??= await this.#disk.lock(this.#directory, '.lock');
    for (const empty of this.#emptyLogs.splice(0)) await this.#disk.remove(`${this.#directory}/${empty.name}`);
    if (!this.#tail) {
      await this.#beginLog(this.#image.offset + 1);
      return;
    }
    const path = `${this.#directory}/${this.#tail.name}`;
    const file = await this.#disk.open(path, 'write');
    if (this.#tornBytes > 0) {
      await file.truncate(this.#tail.length);
      await file.datasync();
      this.#onEvent({ kind: 'tailCut', file: path, bytes: this.#tornBytes });
      this.#tornBytes = 0;
    }
    this.#file = file;
  }

  async #beginLog(offset: number): Promise<void> {
    const name = logName(offset);
    const file = await this.#disk.open(`${this.#directory}/${name}`, 'create');
    try {
      await file.truncate(0);
      await this.#disk.syncDirectory(this.#directory);
    } catch (error) {
      await file.close().catch(() => {});
      throw error;
    }
    this.#file = file;
    this.#tail = { name, length: 0, chain: chainStart(name) };
    this.#files = [...this.#files.filter((one) => one.name !== name), parseName(name)!];
  }

  /** Between two writes: the next one goes into a new log; the picture up to here is written beside what follows. */
  async #rollAndSnapshot(): Promise<void> {
    const full = this.#file!;
    const image = this.#image;
    this.#loggedBytes = 0;
    try {
      await this.#beginLog(image.offset + 1);
      await full.close();
    } catch (error) {
      // The old log goes on; the next attempt is made when it has grown by as much again.
      this.#onEvent({ kind: 'snapshotFailed', error });
      return;
    }
    this.#snapshotting = this.#snapshot(image).finally(() => {
      this.#snapshotting = undefined;
    });
  }

  async #snapshot(image: ClusterImage): Promise<void> {
    const name = snapshotName(image.offset);
    const path = `${this.#directory}/${name}`;
    try {
      const slices: Buffer[] = [];
      for (const slice of encodeSnapshot(image, name)) {
        slices.push(slice);
        await new Promise<void>((next) => this.#timers.afterTurn(next));
      }
      const content = Buffer.concat(slices);
      await replaceFile(this.#disk, this.#directory, name, content);
      this.#files.push(parseName(name)!);
      for (const file of obsolete(this.#files, image.offset)) {
        await this.#disk.remove(`${this.#directory}/${file.name}`);
        this.#files = this.#files.filter((one) => one !== file);
      }
      this.#onEvent({ kind: 'snapshotTaken', file: path, offset: image.offset, bytes: content.length });
    } catch (error) {
      // Nothing is lost: the logs it would have replaced are all there.
      this.#onEvent({ kind: 'snapshotFailed', error });
    }
  }

  register(registration: BrokerRegistration): Registration {
    const brokerEpoch = Math.max(this.#lastBrokerEpoch, this.#image.offset) + 1;
    this.#lastBrokerEpoch = brokerEpoch;
    const lost: ((why: string) => void)[] = [];
    this.#alive.set(registration.brokerId, { ...registration, brokerEpoch, lost });
    this.#aliveChanged();
    return { brokerEpoch, onLost: (listener) => lost.push(listener) };
  }

  /** Gives a broker up that lives, as a store does whose session with it expired: it stands for election on. For tests. */
  async expire(brokerId: number, why: string): Promise<void> {
    const gone = this.#alive.get(brokerId);
    if (this.#candidates.findIndex((one) => one.brokerId === brokerId) === 0) await this.leave(brokerId);
    else if (this.#alive.delete(brokerId)) this.#aliveChanged();
    for (const lost of gone?.lost ?? []) lost(why);
  }

  async leave(brokerId: number): Promise<void> {
    if (this.#alive.delete(brokerId)) this.#aliveChanged();
    const index = this.#candidates.findIndex((one) => one.brokerId === brokerId);
    if (index < 0) return;
    const [gone] = this.#candidates.splice(index, 1);
    if (index > 0) {
      gone!.refused(new EngineError('CLOSED', 'the broker left before it was elected'));
      return;
    }
    // Appends of the epoch that ends are let through first.
    await this.#draining;
    for (const lost of gone!.lost) lost('the broker left');
    this.#epoch++;
    await this.#lead();
  }

  aliveBrokers(): readonly AliveBroker[] {
    return [...this.#alive.values()].sort((a, b) => a.brokerId - b.brokerId);
  }

  #aliveChanged(): void {
    for (const member of this.#members) member.aliveChanged();
  }

  #depose(why: string): void {
    for (const lost of this.#candidates[0]?.lost ?? []) lost(why);
  }

  /** Waits for what is being written, then lets go of the files. */
  async close(): Promise<void> {
    await this.#draining;
    await this.#snapshotting;
    this.#failure ??= new EngineError('CLOSED', 'the metadata engine is closed');
    await this.#file?.close();
    this.#file = undefined;
    await this.#lock?.release();
    this.#lock = undefined;
  }
}

/** Makes a directory so that a power cut cannot take it away again: each new name is synced in the directory above it. */
async function makeDurableDirectory(disk: Disk, directory: string): Promise<void> {
  const made: string[] = [];
  for (let path = directory; path.includes('/') && !disk.exists(path); path = path.slice(0, path.lastIndexOf('/'))) {
    made.unshift(path);
  }
  await disk.makeDirectory(directory);
  for (const path of made) await disk.syncDirectory(path.slice(0, path.lastIndexOf('/')) || '/');
}
