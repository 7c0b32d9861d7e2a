// The loop of poll: take part in the group, find positions, hand out what is there, wait for more. Everything that an
// application reads by goes through it: poll itself, `for await`, eachMessage, eachBatch.
// Always: one reader at a time; partitions change hands only in here (`Member.ensureActive`); what a poll must throw (a
// wakeup, a close, a failure) it throws before it hands anything out.
import type { Cluster } from '../cluster/cluster.ts';
import type { Signal } from '../cluster/signal.ts';
import { KafkaError } from '../errors.ts';
import type { Commits } from './commits.ts';
import type { ConsumerRecord } from './consumer-model.ts';
import type { Fetcher } from './fetcher.ts';
import type { Interceptors } from './interceptors.ts';
import type { LostPlaces } from './lost-places.ts';
import type { Member } from './member.ts';
import { LOOK_AGAIN_MS, type WorkBeside } from './reading-loops.ts';
import type { StartingPositions } from './starting-positions.ts';
import type { TopicWatch } from './topic-watch.ts';
import type { WorkLines } from './work-lines.ts';

export class PollLoop<K, V> {
  readonly #cluster: Cluster;
  readonly #signal: Signal;
  readonly #maxPollRecords: number;
  readonly #topics: TopicWatch;
  readonly #places: LostPlaces;
  readonly #starting: StartingPositions;
  readonly #fetcher: Fetcher<K, V>;
  readonly #interceptors: Interceptors<K, V>;
  readonly #member: Member | undefined;
  readonly #commits: Commits | undefined;
  readonly #isClosed: () => boolean;
  #running = false;
  #active = false;
  #lastAt: number;
  #wakeup = false;

  constructor(o: {
    cluster: Cluster;
    signal: Signal;
    maxPollRecords: number;
    topics: TopicWatch;
    places: LostPlaces;
    starting: StartingPositions;
    fetcher: Fetcher<K, V>;
    interceptors: Interceptors<K, V>;
    member: Member | undefined;
    commits: Commits | undefined;
    isClosed: () => boolean;
  }) {
    this.#cluster = o.cluster;
    this.#signal = o.signal;
    this.#maxPollRecords = o.maxPollRecords;
    this.#topics = o.topics;
    this.#places = o.places;
    this.#starting = o.starting;
    this.#fetcher = o.fetcher;
    this.#interceptors = o.interceptors;
    this.#member = o.member;
    this.#commits = o.commits;
    this.#isClosed = o.isClosed;
    this.#lastAt = o.cluster.ports.clock.monotonic();
  }

  /** A poll waits for the group, which does not let the member in. */
  get isOutside(): boolean {
    return this.#running && !this.#active;
  }

  /** How long the application has been away. */
  get idleMs(): number {
    return this.#running ? 0 : this.#cluster.ports.clock.monotonic() - this.#lastAt;
  }

  /** The poll that waits, or else the next one, throws WAKEUP. */
  wakeup(): void {
    this.#wakeup = true;
    this.#signal.notify();
  }

  async poll(timeoutMs: number, work?: WorkBeside): Promise<ConsumerRecord<K, V>[]> {
    if (this.#isClosed()) throw new KafkaError('CLIENT_CLOSED');
    if (this.#running) throw illegal('poll is running already; a consumer has one reader.');
    if (this.#topics.subscription.kind === 'none') throw illegal('Subscribe to topics or assign partitions first.');
    const { clock, timers } = this.#cluster.ports;
    const deadline = clock.monotonic() + Math.max(0, timeoutMs);
    const interrupted = () => this.#wakeup || this.#isClosed() || (work?.over() ?? false);
    this.#running = true;
    try {
      for (let first = true; ; first = false) {
        this.#throwIfAsked();
        this.#active = false;
        if (this.#topics.isManaged && !(await this.#member!.ensureActive(deadline, interrupted))) {
          this.#throwIfAsked();
          return [];
        }
        this.#active = true;
        this.#throwIfAsked();
        // Wrong credentials and the like do not pass by waiting.
        if (this.#cluster.fatal) throw this.#cluster.fatal;
        if (first) this.#commits?.autoCommitIfDue();
        void this.#starting.run();
        const records = this.#collect(work?.lines);
        this.#fetcher.pump();
        const leftMs = deadline - clock.monotonic();
        if (records.length > 0) return this.#interceptors.onConsume(records);
        if (leftMs <= 0 || work?.over()) return records;
        // A round under way notifies when it is over; one that failed is due again after its pause.
        const failedRound = !this.#starting.isRunning && this.#starting.areMissing;
        const pauseMs = failedRound ? Math.max(1, this.#starting.pauseMs) : LOOK_AGAIN_MS;
        await this.#signal.wait(timers, Math.min(leftMs, pauseMs));
      }
    } finally {
      this.#running = false;
      this.#lastAt = clock.monotonic();
    }
  }

  #collect(lines: WorkLines | undefined): ConsumerRecord<K, V>[] {
    if (!lines) return this.#fetcher.collect(this.#maxPollRecords);
    lines.pump();
    // Handlers have this many records at most, one partition half of it, so that a slow one leaves room for others.
    const ofOne = Math.max(1, Math.floor(this.#maxPollRecords / 2));
    const room = Math.max(0, this.#maxPollRecords - lines.openRecords);
    return this.#fetcher.collect(room, (entry) => lines.openRecordsOf(entry) >= ofOne);
  }

  #throwIfAsked(): void {
    if (this.#isClosed()) throw new KafkaError('CLIENT_CLOSED');
    if (this.#wakeup) {
      this.#wakeup = false;
      throw new KafkaError('WAKEUP');
    }
    this.#places.throwIfFailed();
    this.#topics.throwIfRefused();
  }
}

function illegal(message: string): KafkaError {
  return new KafkaError('ILLEGAL_STATE', { message });
}
