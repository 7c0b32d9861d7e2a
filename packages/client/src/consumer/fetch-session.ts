// An incremental fetch session with one broker (KIP-227): after a first full request only what changed goes over the wire,
// and the broker answers only for partitions that have something new. Pure.
// Always: what we believe the broker remembers (`#known`) is what the last answered request left there; after any failure
// we believe nothing and start over with a full request.
import { type WireError, ZERO_UUID } from '@moldau/protocol';
import type { RequestOf } from '../connection/broker-connection.ts';
import { PartitionMap, type TopicPartition } from '../topic-partition.ts';

export interface WantedPartition extends TopicPartition {
  readonly topicId: string;
  readonly fetchOffset: number;
  readonly currentLeaderEpoch: number;
  /** Of the record before `fetchOffset`; -1 unknown. From version 12 the broker says when its log has another one there. */
  readonly lastFetchedEpoch: number;
  readonly maxBytes: number;
}

type FetchTopics = NonNullable<RequestOf<'Fetch'>['topics']>;
type Forgotten = NonNullable<RequestOf<'Fetch'>['forgottenTopicsData']>;

export interface SessionRequest {
  readonly sessionId: number;
  readonly sessionEpoch: number;
  readonly topics: FetchTopics;
  readonly forgottenTopicsData: Forgotten;
}

/** Answers that only mean: the session is over, make a new one. */
export const SESSION_ERRORS: ReadonlySet<WireError> = new Set([
  'FETCH_SESSION_ID_NOT_FOUND',
  'INVALID_FETCH_SESSION_EPOCH',
  'FETCH_SESSION_TOPIC_ID_ERROR',
]);
/** The topic of that id is gone, or the broker has not heard of it yet: metadata will tell. */
export const TOPIC_ID_ERRORS: ReadonlySet<WireError> = new Set(['INCONSISTENT_TOPIC_ID', 'UNKNOWN_TOPIC_ID']);

const FULL_EPOCH = 0;
const NO_SESSION_EPOCH = -1;

export class FetchSession {
  #id = 0;
  #epoch = FULL_EPOCH;
  #known = new PartitionMap<WantedPartition>();
  #names = new Map<string, string>();
  #usesIds = false;
  #sent: PartitionMap<WantedPartition> | undefined;

  /** The next request for these partitions. `useTopicIds` as the version of Fetch demands; a change starts over. */
  request(wanted: readonly WantedPartition[], useTopicIds: boolean): SessionRequest {
    if (useTopicIds !== this.#usesIds) {
      this.#usesIds = useTopicIds;
      this.#epoch = FULL_EPOCH;
    }
    const next = new PartitionMap<WantedPartition>();
    for (const entry of wanted) {
      next.set(entry.topic, entry.partition, entry);
      this.#names.set(entry.topicId, entry.topic);
    }
    this.#sent = next;
    const full = this.#epoch === FULL_EPOCH;
    const changed = full
      ? wanted
      : wanted.filter((entry) => !same(this.#known.get(entry.topic, entry.partition), entry));
    const gone = full ? [] : [...this.#known.values()].filter((entry) => !stillWanted(next, entry));
    return {
      sessionId: this.#id,
      sessionEpoch: this.#epoch,
      topics: grouped(changed).map(([topic, topicId, entries]) => ({
        topic,
        topicId: useTopicIds ? topicId : ZERO_UUID,
        partitions: entries.map(({ partition, fetchOffset, currentLeaderEpoch, lastFetchedEpoch, maxBytes }) => ({
          partition,
          currentLeaderEpoch,
          lastFetchedEpoch,
          fetchOffset,
          partitionMaxBytes: maxBytes,
        })),
      })),
      forgottenTopicsData: grouped(gone).map(([topic, topicId, entries]) => ({
        topic,
        topicId: useTopicIds ? topicId : ZERO_UUID,
        partitions: entries.map(({ partition }) => partition),
      })),
    };
  }

  /** Takes an answer without error at the top. */
  answered(sessionId: number): void {
    this.#known = this.#sent ?? new PartitionMap();
    this.#sent = undefined;
    this.#id = sessionId;
    // The broker may not want a session (0): then every request is a full one.
    if (sessionId === 0) this.#epoch = FULL_EPOCH;
    else this.#epoch = this.#epoch === 0x7fffffff ? 1 : this.#epoch + 1;
  }

  /**
   * The request failed, or the broker does not know the session. Starts over; with the old id the broker can close the
   * old session, unless it has just said that there is none.
   */
  failed(sessionUnknown: boolean): void {
    this.#sent = undefined;
    this.#known = new PartitionMap();
    this.#epoch = FULL_EPOCH;
    if (sessionUnknown) this.#id = 0;
  }

  /** A request outside any session, for brokers below version 7. */
  static sessionless(request: SessionRequest): SessionRequest {
    return { ...request, sessionId: 0, sessionEpoch: NO_SESSION_EPOCH, forgottenTopicsData: [] };
  }

  /** The topic of an id that was asked for. */
  topicOf(topicId: string): string | undefined {
    return this.#names.get(topicId);
  }
}

function same(a: WantedPartition | undefined, b: WantedPartition): boolean {
  return (
    a !== undefined &&
    a.topicId === b.topicId &&
    a.fetchOffset === b.fetchOffset &&
    a.currentLeaderEpoch === b.currentLeaderEpoch &&
    a.lastFetchedEpoch === b.lastFetchedEpoch &&
    a.maxBytes === b.maxBytes
  );
}

function stillWanted(next: PartitionMap<WantedPartition>, entry: WantedPartition): boolean {
  return next.get(entry.topic, entry.partition)?.topicId === entry.topicId;
}

function grouped(entries: readonly WantedPartition[]): [topic: string, topicId: string, WantedPartition[]][] {
  const groups = new Map<string, [string, string, WantedPartition[]]>();
  for (const entry of entries) {
    const key = `${entry.topicId} ${entry.topic}`;
    const group = groups.get(key);
    if (group) group[2].push(entry);
    else groups.set(key, [entry.topic, entry.topicId, [entry]]);
  }
  return [...groups.values()];
}
