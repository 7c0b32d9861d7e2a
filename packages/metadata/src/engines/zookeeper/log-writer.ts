// Appends of the controller on this broker: what waits goes into one multi that checks the version of /controller_epoch
// (invariant 24), one multi at a time. What a lost answer left open is found out by reading (C6).
// Always: a batch is answered only once it is in ZooKeeper and applied here; when one fails, everything decided on top of
// it fails too.
import type { Timers } from '@moldau/kernel';
import { EngineError } from '../../engine.ts';
import type { ClusterImage } from '../../image.ts';
import type { MetadataBatch, MetadataRecord } from '../../records.ts';
import type { Applier } from './applier.ts';
import { encodeBatch, ZNODE_BYTES_MAX } from './batch-codec.ts';
import type { ZooKeeperClient } from './client/client.ts';
import { isZooKeeperError } from './client/errors.ts';
import type { Acl, Operation } from './client/messages.ts';
import { CONTROLLER_EPOCH, LOG, logPath } from './layout.ts';

/** Appends that wait at a time; more are refused (FULL). */
const WAITING_MAX = 10_000;
/** Batches in one multi. */
const GROUP_MAX = 200;

export interface WriterOptions {
  readonly epoch: number;
  /** Of the znode /controller_epoch under this leadership. */
  readonly epochVersion: number;
  readonly applier: Applier;
  readonly timers: Timers;
  readonly acl: readonly Acl[];
  /** Of this leadership, which does not outlive it. */
  readonly client: ZooKeeperClient;
  readonly onDeposed: (why: string) => void;
  /** So many batches and bytes went into the log. */
  readonly onWritten: (batches: number, bytes: number) => void;
}

interface Waiting {
  readonly batch: MetadataBatch;
  /** The picture with this batch. */
  readonly image: ClusterImage;
  readonly data: Buffer;
  readonly resolve: (offset: number) => void;
  readonly reject: (error: unknown) => void;
}

export class LogWriter {
  readonly #o: WriterOptions;
  /** With what is in ZooKeeper for certain. */
  #committed: ClusterImage;
  #pending: ClusterImage;
  #waiting: Waiting[] = [];
  #draining: Promise<void> | undefined;
  #over: string | undefined;

  constructor(options: WriterOptions) {
    this.#o = options;
    this.#committed = options.applier.image;
    this.#pending = this.#committed;
  }

  get epoch(): number {
    return this.#o.epoch;
  }

  get epochVersion(): number {
    return this.#o.epochVersion;
  }

  get pending(): ClusterImage {
    return this.#pending;
  }

  /** See MetadataEngine.append. */
  append(after: number, records: readonly MetadataRecord[]): Promise<number> {
    if (this.#over !== undefined) return Promise.reject(this.#fenced());
    if (after !== this.#pending.offset) {
      const message = `decided behind offset ${after}, but the metadata log is at ${this.#pending.offset}`;
      return Promise.reject(new EngineError('STALE', message));
    }
    if (this.#waiting.length >= WAITING_MAX) {
      return Promise.reject(new EngineError('FULL', `${WAITING_MAX} changes of the cluster wait for ZooKeeper`));
    }
    const batch: MetadataBatch = { offset: after + 1, epoch: this.#o.epoch, records };
    const image = this.#pending.apply(batch);
    const data = encodeBatch(batch);
    if (data.length > ZNODE_BYTES_MAX) {
      const message = `a change of ${records.length} records takes ${data.length} bytes packed; ZooKeeper takes ${ZNODE_BYTES_MAX}. Make it in parts.`;
      return Promise.reject(new EngineError('FULL', message));
    }
    this.#pending = image;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ batch, image, data, resolve, reject });
      // What else this turn appends goes into the same multi.
      this.#draining ??= new Promise<void>((turn) => this.#o.timers.afterTurn(turn)).then(() => this.#drain());
    });
  }

  /** What was appended is answered. */
  async idle(): Promise<void> {
    await this.#draining;
    await this.#o.applier.settled();
  }

  /** Nothing more can be appended; what waits is refused, and what is under way may be in the log or not. */
  stop(why: string): void {
    if (this.#over !== undefined) return;
    this.#over = why;
    this.#refuse(this.#fenced());
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#takeGroup();
      try {
        await this.#write(group);
      } catch (error) {
        this.#waiting.unshift(...group);
        this.#refuse(error);
        continue;
      }
      this.#committed = group.at(-1)!.image;
      this.#o.onWritten(
        group.length,
        group.reduce((sum, one) => sum + one.data.length, 0),
      );
      for (const { batch, image, resolve } of group)
        void this.#o.applier.apply(batch, image).then(() => resolve(batch.offset));
    }
    this.#draining = undefined;
  }

  #takeGroup(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const { data } of this.#waiting) {
      bytes += data.length + 200;
      if (count > 0 && (bytes > ZNODE_BYTES_MAX || count >= GROUP_MAX)) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  async #write(group: readonly Waiting[]): Promise<void> {
    const operations: Operation[] = [
      { kind: 'check', path: CONTROLLER_EPOCH, version: this.#o.epochVersion },
      ...group.map(
        ({ batch, data }): Operation => ({ kind: 'create', path: logPath(batch.offset), data, acl: this.#o.acl }),
      ),
    ];
    for (;;) {
      if (this.#over !== undefined) throw this.#fenced();
      try {
        await this.#o.client.multi(operations);
        return;
      } catch (error) {
        if (isZooKeeperError(error) && error.outcomeUnknown) {
          if (await this.#isThere(group[0]!)) return;
          continue;
        }
        if (isZooKeeperError(error, 'NODE_EXISTS') && (await this.#isThere(group[0]!))) return;
        if (isZooKeeperError(error, 'BAD_VERSION', 'NODE_EXISTS')) this.#o.onDeposed('another controller was elected');
        if (isZooKeeperError(error, 'NO_NODE')) this.#o.onDeposed('the metadata of the cluster is gone from ZooKeeper');
        if (this.#over !== undefined) throw this.#fenced();
        if (isZooKeeperError(error, 'QUEUE_FULL')) throw new EngineError('FULL', error.message, { cause: error });
        const message = `The metadata of the cluster could not be written to ZooKeeper: ${(error as Error).message}`;
        throw new EngineError('FAILED', message, { cause: error });
      }
    }
  }

  /**
   * Whether a group whose answer was lost is in the log. Its epoch is in the batch, so that equal bytes are ours. Asked
   * behind a sync on the same session, the request that was lost is done or will never be.
   */
  async #isThere({ batch, data }: Waiting): Promise<boolean> {
    const { client } = this.#o;
    while (this.#over === undefined && client.state.kind !== 'over') {
      try {
        await client.sync(LOG);
        const found = await client.findData(logPath(batch.offset));
        return found?.data.equals(data) ?? false;
      } catch (error) {
        if (!isZooKeeperError(error) || !error.outcomeUnknown) throw error;
      }
    }
    throw this.#fenced();
  }

  #refuse(error: unknown): void {
    const group = this.#waiting.splice(0);
    this.#pending = this.#committed;
    for (const { reject } of group) reject(error);
  }

  #fenced(): EngineError {
    return new EngineError('FENCED', `controller epoch ${this.#o.epoch} is over: ${this.#over ?? 'the session ended'}`);
  }
}
