// The fuzzer proper: for each API and version that the broker advertises, so many frames, most of them mutated. After
// each the broker has to be alive, must have answered or closed the connection, and must serve the next connection.
import { APIS, type Api, apiByKey } from '@moldau/protocol';
import { RawConnection } from '../bad-input/raw-connection.ts';
import { Dice } from './dice.ts';
import { frameOf, type Pair, titleOf } from './frames.ts';
import { FuzzConnection } from './fuzz-connection.ts';
import type { Known } from './grammar.ts';
import { Watch } from './watch.ts';

export interface WireFuzzOptions {
  readonly host: string;
  readonly port: number;
  /** Of the broker, on this machine: its memory is watched. */
  readonly pid?: number | undefined;
  readonly frames: number;
  readonly seed: number;
  readonly connections: number;
  /** Only these pairs (`Fetch:12`, `Fetch`). */
  readonly only?: readonly string[] | undefined;
  readonly residentMaxMb: number;
  readonly log: (line: string) => void;
}

export interface WireFuzzResult {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly failures: readonly string[];
  readonly frames: number;
  readonly connections: number;
  /** Frames whose answer was not waited for: they ask the broker to wait. */
  readonly parked: number;
  readonly residentMb: { readonly start: number; readonly peak: number; readonly end: number };
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly max: number };
}

/** Requests that may rightly wait for something to happen, for as long as they say. */
const MAY_WAIT: ReadonlySet<number> = new Set([APIS.Fetch.key, APIS.JoinGroup.key, APIS.SyncGroup.key]);
const MAY_WAIT_MS = 400;
/** An answer to anything else, and to a request on a connection of its own. Generous: the machine is busy fuzzing. */
const ANSWER_MS = 5_000;
const NEXT_CONNECTION_MS = 2_000;
const VOLLEY_MIN = 4;
const VOLLEY_MAX = 128;
/** One frame in so many lies about its own size, and has a connection to itself for that. */
const SIZE_LIES_EVERY = 50;

export async function wireFuzz(options: WireFuzzOptions): Promise<WireFuzzResult> {
  const { host, port } = options;
  const known = await prepare(host, port);
  const pairs = (await advertisedPairs(host, port)).filter((pair) => wanted(pair, options.only));
  const watch = new Watch(host, port, options.pid);
  watch.start();
  const run = new WireFuzz(options, known, watch);
  const queue = [...pairs];
  try {
    await Promise.all(
      Array.from({ length: options.connections }, async () => {
        for (let pair = queue.shift(); pair !== undefined; pair = queue.shift()) await run.pair(pair);
      }),
    );
  } finally {
    watch.stop();
  }
  const failures = [...run.failures];
  if (watch.residentMb.peak > options.residentMaxMb) {
    failures.push(`the broker grew to ${watch.residentMb.peak.toFixed(0)} MB, more than ${options.residentMaxMb}`);
  }
  const failed = new Set(run.failedPairs).size + (failures.length > run.failures.length ? 1 : 0);
  return {
    passed: pairs.length - new Set(run.failedPairs).size,
    failed,
    skipped: 0,
    failures,
    frames: run.frames,
    connections: run.connections,
    parked: run.parked,
    residentMb: watch.residentMb,
    latencyMs: watch.latency(),
  };
}

class WireFuzz {
  readonly #options: WireFuzzOptions;
  readonly #known: Known;
  readonly #watch: Watch;
  readonly failures: string[] = [];
  readonly failedPairs: string[] = [];
  frames = 0;
  connections = 0;
  parked = 0;

  constructor(options: WireFuzzOptions, known: Known, watch: Watch) {
    this.#options = options;
    this.#known = known;
    this.#watch = watch;
  }

  async pair(pair: Pair): Promise<void> {
    const startedAt = performance.now();
    try {
      await this.#volleys(pair);
      await this.#sizeLies(pair);
      await this.#nextConnection(pair);
    } catch (error) {
      this.#fail(pair, error instanceof Error ? error.message : String(error));
    }
    const tookMs = performance.now() - startedAt;
    this.#options.log(
      `${titleOf(pair)}: ${tookMs.toFixed(0)} ms, others waited ${this.#watch.worstSinceLast().toFixed(0)} ms at most`,
    );
  }

  async #volleys(pair: Pair): Promise<void> {
    const { frames, seed } = this.#options;
    const made = new Map<number, Buffer>();
    let connection: FuzzConnection | undefined;
    let size = 32;
    for (let next = 0; next < frames; ) {
      connection ??= await this.#open();
      const volley: Buffer[] = [];
      for (let index = next; index < Math.min(frames, next + size); index++) {
        const frame = made.get(index) ?? sized(frameOf(pair, index, seed, this.#known));
        made.set(index, frame);
        volley.push(frame);
      }
      const suspect = () => made.get(next) ?? Buffer.alloc(0);
      const patient = MAY_WAIT.has(pair.api.key);
      const outcome = await connection.volley(volley, next, patient ? MAY_WAIT_MS : ANSWER_MS);
      let done = volley.length;
      if (outcome.kind !== 'answered') {
        // What came before the last answer is done, and so is the one behind it: it closed the connection, or waits.
        done = Math.min(volley.length, outcome.lastAnswered - next + 2);
        next += done - 1;
        if (outcome.kind === 'silent') {
          connection.drop();
          if (patient || MAY_WAIT.has(suspect().readInt16BE(Math.min(4, suspect().length - 2)))) this.parked++;
          else this.#fail(pair, `frame ${next}: neither an answer nor the end of the connection`, suspect());
        }
        next++;
        size = Math.max(VOLLEY_MIN, size >> 1);
        connection = undefined;
      } else {
        next += done;
        size = Math.min(VOLLEY_MAX, size * 2);
      }
      for (const index of made.keys()) if (index < next) made.delete(index);
      this.frames += done;
    }
    connection?.drop();
  }

  /** Sizes that are not those of their frames: the broker waits for the rest, sees the end, and closes. */
  async #sizeLies(pair: Pair): Promise<void> {
    const { frames, seed } = this.#options;
    for (let index = 0; index < frames; index += SIZE_LIES_EVERY) {
      const dice = new Dice(seed, pair.api.key, pair.version, index, 1);
      const frame = sized(frameOf(pair, index, seed, this.#known));
      frame.writeInt32BE(
        dice.pick([0, -1, 3, 7, frame.length, frame.length - 5, 0x7fffffff, -0x80000000, dice.below(0x7fffffff)]),
        0,
      );
      const connection = await this.#open();
      const ended = await connection.sendAndEnd(frame.subarray(0, 4 + dice.below(frame.length)), ANSWER_MS);
      this.frames++;
      // A frame that happens to be whole may ask the broker to wait; then the end is not yet due.
      if (!ended && !MAY_WAIT.has(pair.api.key))
        this.#fail(pair, `size lie ${index}: the connection is still open`, frame);
      connection.drop();
    }
  }

  async #nextConnection(pair: Pair): Promise<void> {
    const startedAt = performance.now();
    const connection = await RawConnection.open(this.#options.host, this.#options.port);
    try {
      await connection.ask(APIS.ApiVersions, 0, {});
    } finally {
      connection.close();
    }
    const tookMs = performance.now() - startedAt;
    if (tookMs > NEXT_CONNECTION_MS) this.#fail(pair, `the next connection was served after ${tookMs.toFixed(0)} ms`);
  }

  #open(): Promise<FuzzConnection> {
    this.connections++;
    return FuzzConnection.open(this.#options.host, this.#options.port);
  }

  #fail(pair: Pair, problem: string, frame?: Buffer): void {
    this.failedPairs.push(titleOf(pair));
    this.failures.push(`${titleOf(pair)}: ${problem}${frame ? ` (${frame.toString('hex', 0, 400)})` : ''}`);
  }
}

function sized(frame: Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeInt32BE(frame.length);
  return Buffer.concat([size, frame]);
}

function wanted({ api, version }: Pair, only: readonly string[] | undefined): boolean {
  return only === undefined || only.includes(api.name) || only.includes(`${api.name}:${version}`);
}

async function advertisedPairs(host: string, port: number): Promise<Pair[]> {
  const connection = await RawConnection.open(host, port);
  const { apiKeys } = await connection.ask(APIS.ApiVersions, 0, {});
  connection.close();
  return apiKeys.flatMap(({ apiKey, minVersion, maxVersion }) => {
    const api: Api | undefined = apiByKey(apiKey);
    if (!api) return [];
    return Array.from({ length: maxVersion - minVersion + 1 }, (_, index) => ({ api, version: minVersion + index }));
  });
}

/** Two topics that frames can be about, and what they are called inside. */
async function prepare(host: string, port: number): Promise<Known> {
  const connection = await RawConnection.open(host, port);
  const names = ['fuzz-known-0', 'fuzz-known-1'];
  const topics = names.map((name) => ({ name, numPartitions: 3, replicationFactor: 1, assignments: [], configs: [] }));
  await connection.ask(APIS.CreateTopics, 4, { topics, timeoutMs: 30_000 });
  const wantedTopics = { topics: names.map((name) => ({ name })), allowAutoTopicCreation: false };
  const { topics: found, controllerId } = await connection.ask(APIS.Metadata, 10, wantedTopics);
  connection.close();
  const known = found.map(({ name, topicId }) => ({ name: name ?? '', id: topicId }));
  return { topics: known, brokerId: controllerId };
}
