// Follows the metadata log in ZooKeeper: reads what this broker has not applied yet, in order, and hands it over.
// Level-triggered (C7): a watch only says that it is worth looking; what is read decides.
import { EngineError } from '../../engine.ts';
import type { Applier } from './applier.ts';
import { decodeBatch, decodeSeal, decodeSnapshot, StoreDamage } from './batch-codec.ts';
import type { ZooKeeperClient } from './client/client.ts';
import { isZooKeeperError } from './client/errors.ts';
import type { ZooKeeperEvent } from './events.ts';
import { LOG, logPath, offsetsOf, SNAPSHOTS, snapshotPath } from './layout.ts';

/** Batches read at a time, and applied before the next are read. */
const READ_AHEAD = 64;
/** Looks at a log whose batches vanish under our eyes, before it counts as damaged. */
const ATTEMPTS_MAX = 5;

export class LogReader {
  readonly #applier: Applier;
  readonly #onEvent: (event: ZooKeeperEvent) => void;
  /** Znode id of the newest batch read or written: the same offset written anew by somebody else has another. */
  #last: { readonly offset: number; readonly czxid: number } | undefined;

  constructor(applier: Applier, onEvent: (event: ZooKeeperEvent) => void) {
    this.#applier = applier;
    this.#onEvent = onEvent;
  }

  get last(): { readonly offset: number; readonly czxid: number } | undefined {
    return this.#last;
  }

  set last(last: { readonly offset: number; readonly czxid: number } | undefined) {
    this.#last = last;
  }

  /**
   * Applies everything that was in the log when this was called, or up to `known`, a batch that is there for certain. Throws EngineError CORRUPT when batches are missing or
   * cannot be read, ZooKeeperError when ZooKeeper went away.
   */
  async catchUp(client: ZooKeeperClient, known?: number): Promise<void> {
    const near = known !== undefined && (await this.#read(client, this.#applier.queuedOffset + 1, known));
    for (let attempt = 1; !near; attempt++) {
      const offsets = offsetsOf(await this.#names(client, LOG));
      const end = offsets.at(-1) ?? -1;
      const next = this.#applier.queuedOffset + 1;
      if (end < next) break;
      // What is in front of the first batch is in a snapshot.
      const there = offsets[0]! > next ? await this.#jump(client) : await this.#read(client, next, end);
      if (there) break;
      if (attempt >= ATTEMPTS_MAX) {
        const missing = this.#applier.queuedOffset + 1;
        throw new EngineError(
          'CORRUPT',
          `Batch ${missing} of the metadata log is missing in ZooKeeper (${logPath(missing)}), and no snapshot reaches beyond it.`,
        );
      }
    }
    await this.#applier.settled();
  }

  /** False when one of them is not there (any more). */
  async #read(client: ZooKeeperClient, from: number, to: number): Promise<boolean> {
    for (let first = from; first <= to; first += READ_AHEAD) {
      const count = Math.min(READ_AHEAD, to - first + 1);
      const found = await Promise.all(Array.from({ length: count }, (_, i) => client.findData(logPath(first + i))));
      let applied: Promise<void> | undefined;
      for (const [index, one] of found.entries()) {
        const offset = first + index;
        if (offset <= this.#applier.queuedOffset) continue;
        if (!one) return false;
        applied = this.#applier.apply(corrupt(() => decodeBatch(offset, one.data)));
        this.#last = { offset, czxid: one.stat.czxid };
      }
      await applied;
    }
    return true;
  }

  /** To the newest whole snapshot. Always false: the log behind it has still to be read. */
  async #jump(client: ZooKeeperClient): Promise<false> {
    const offsets = offsetsOf(await this.#names(client, SNAPSHOTS)).reverse();
    for (const offset of offsets) {
      if (offset <= this.#applier.queuedOffset) break;
      const parent = await client.findData(snapshotPath(offset));
      const seal = parent && corrupt(() => decodeSeal(parent.data));
      if (!seal) continue;
      const pieces = await Promise.all(
        Array.from({ length: seal.pieces }, (_, i) => client.findData(`${snapshotPath(offset)}/${i}`)),
      );
      if (pieces.some((piece) => !piece)) continue;
      const picture = corrupt(() =>
        decodeSnapshot(
          seal,
          pieces.map((piece) => piece!.data),
        ),
      );
      const fromOffset = this.#applier.queuedOffset;
      await this.#applier.jump(picture);
      this.#onEvent({ kind: 'snapshotLoaded', fromOffset, offset });
      break;
    }
    return false;
  }

  async #names(client: ZooKeeperClient, path: string): Promise<string[]> {
    try {
      return (await client.getChildren(path)).names;
    } catch (error) {
      if (isZooKeeperError(error, 'NO_NODE')) return [];
      throw error;
    }
  }
}

function corrupt<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof StoreDamage)) throw error;
    throw new EngineError(
      'CORRUPT',
      `${error.message}. Nothing was changed; restore ZooKeeper from where it was, or run a newer version.`,
      { cause: error },
    );
  }
}
