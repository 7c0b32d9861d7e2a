// Fetch (api 1) by another broker: a follower copies partitions that we lead, and says by its fetch offsets what it has on
// disk. Served: 15-18 (the versions that carry the replica's broker epoch, KIP-903).
// Differs from a consumer's fetch: records are read up to the log end; only partitions with news are looked at
// (`partition/replica-sessions`); a watermark that moved is told though there are no records, after `watermarkNewsMs` at
// the latest; OFFSET_OUT_OF_RANGE carries the log start offset, so that a follower need not ask for it.
// Differs from Kafka: a replica id is believed only on the listener that brokers use among each other, and only under the
// broker epoch that is registered (CVE-2018-1288, KIP-903); opening a session is answered at once; who has no CLUSTER_ACTION
// hears it of the whole request, not of each partition as TOPIC_AUTHORIZATION_FAILED, so that a follower tells its operator.
import type { InputOf } from '@moldau/protocol';
import { errorCode, type WireError } from '@moldau/protocol/errors';
import type { FetchRequest, FetchResponse } from '@moldau/protocol/messages/fetch';
import type { LogRefusal, LogSlice } from '@moldau/storage';
import { type BrokerContext, type Call, Later } from '../context.ts';
import { PARTITION_EVENTS } from '../events.ts';
import type { DeadlineHandle } from '../partition/deadlines.ts';
import type { Partition } from '../partition/partition.ts';
import type { News, ReplicaFeed, ReplicaSession } from '../partition/replica-sessions.ts';
import { interBrokerListener } from '../peer/peers.ts';
import { mayInCluster } from './access.ts';

type Response = InputOf<typeof FetchResponse>;
type PartitionAnswer = Response['responses'][number]['partitions'][number];

/** A mere watermark may wait this long for records to go along with: it costs a whole fetch. */
const watermarkNewsMs = 5;
const NO_CHUNKS: readonly Buffer[] = [];

export function replicaFetch(broker: BrokerContext, call: Call, request: FetchRequest): Later<Response> {
  const later = new Later<Response>();
  const session = sessionOf(broker, call, request);
  if (typeof session === 'string') {
    later.resolve({ errorCode: errorCode(session), sessionId: 0, responses: [] });
    return later;
  }
  const named = session.update(request.topics, request.forgottenTopicsData);
  const run = new ReplicaFetchRun(broker, call, request, session, later);
  for (const feed of named) run.progressed(feed);
  run.start();
  return later;
}

function sessionOf(broker: BrokerContext, call: Call, request: FetchRequest): ReplicaSession | WireError {
  const { replicaId, replicaEpoch } = request.replicaState;
  if (call.connection.listener !== interBrokerListener(broker.config)) return 'CLUSTER_AUTHORIZATION_FAILED';
  if (!mayInCluster(broker, call, 'CLUSTER_ACTION')) return 'CLUSTER_AUTHORIZATION_FAILED';
  const registered = broker.image().broker(replicaId);
  if (!registered || registered.brokerEpoch !== replicaEpoch) return 'STALE_BROKER_EPOCH';
  return broker.replicas.sessions.open({
    sessionId: request.sessionId,
    sessionEpoch: request.sessionEpoch,
    brokerId: replicaId,
    brokerEpoch: replicaEpoch,
    now: call.receivedAtMs,
  });
}

/** One fetch of one follower: what it has is noted, what is new is answered, or it is parked until there is something. */
class ReplicaFetchRun {
  readonly #broker: BrokerContext;
  readonly #call: Call;
  readonly #request: FetchRequest;
  readonly #session: ReplicaSession;
  readonly #later: Later<Response>;
  readonly #responses: { topic: string; topicId: string; partitions: PartitionAnswer[] }[] = [];
  readonly #releases: (() => void)[] = [];
  #bytes = 0;
  #deadline: DeadlineHandle | undefined;
  #soon: DeadlineHandle | undefined;

  constructor(
    broker: BrokerContext,
    call: Call,
    request: FetchRequest,
    session: ReplicaSession,
    later: Later<Response>,
  ) {
    this.#broker = broker;
    this.#call = call;
    this.#request = request;
    this.#session = session;
    this.#later = later;
  }

  /** The follower says where it is: what that makes safe is released before anything is read. */
  progressed(feed: ReplicaFeed): void {
    const partition = this.#partitionOf(feed);
    if (typeof partition !== 'string' && this.#divergence(feed, partition) === undefined) {
      const { log } = partition;
      if (feed.fetchOffset >= log.startOffset && feed.fetchOffset <= log.endOffset) {
        partition.followerFetched({
          from: this.#session.brokerId,
          brokerEpoch: this.#session.brokerEpoch,
          logEnd: feed.fetchOffset,
          logStart: feed.logStartOffset,
          now: this.#call.receivedAtMs,
        });
      }
    }
    feed.touch('records');
  }

  start(): void {
    this.#readNext(this.#session.takeNews(), 0);
  }

  #readNext(feeds: readonly ReplicaFeed[], from: number): void {
    for (let at = from; at < feeds.length; at++) {
      const feed = feeds[at]!;
      const left = this.#request.maxBytes - this.#bytes;
      if (left <= 0) {
        // No room: first in line for the next fetch.
        for (; at < feeds.length; at++) feeds[at]!.touch('records');
        break;
      }
      const partition = this.#partitionOf(feed);
      if (typeof partition === 'string') {
        this.#refuse(feed, partition);
        continue;
      }
      const divergingEpoch = this.#divergence(feed, partition);
      if (divergingEpoch === 'unknown') {
        this.#refuse(feed, 'UNKNOWN_LEADER_EPOCH');
        continue;
      }
      if (divergingEpoch !== undefined) {
        this.#tell(feed, partition, NO_CHUNKS, divergingEpoch);
        feed.awaitsOffset = true;
        continue;
      }
      const waitMs = this.#broker.replicas.leaderWaitMs(partition, this.#session.brokerId);
      if (waitMs > 0) {
        // The same fetch answers it, if it is still parked by then.
        this.#broker.deadlines.at(this.#broker.ports.clock.monotonic() + waitMs, () => feed.touch('records'));
        continue;
      }
      const read = partition.log.read({
        offset: feed.fetchOffset,
        bytesMax: Math.min(feed.bytesMax, left),
        end: partition.log.endOffset,
        wholeFirstBatch: this.#bytes === 0,
      });
      if (read instanceof Promise) {
        read
          .then(
            (slice) => this.#took(feed, partition, slice),
            (error: unknown) => {
              const { topic, index } = partition;
              const offset = feed.fetchOffset;
              this.#broker.events.emit(PARTITION_EVENTS.readFailed, { topic, partition: index, offset, error });
              this.#refuse(feed, 'KAFKA_STORAGE_ERROR');
            },
          )
          .then(() => this.#readNext(feeds, at + 1))
          .catch((error: unknown) => this.#later.fail(error));
        return;
      }
      this.#took(feed, partition, read);
    }
    this.#answerOrPark();
  }

  /** What the feed is fed from now, or why it cannot be. */
  #partitionOf(feed: ReplicaFeed): Partition | WireError {
    const topic = this.#broker.image().topicById(feed.topicId);
    // Perhaps the follower's picture is newer than ours.
    if (!topic) {
      feed.feedFrom(undefined);
      return 'UNKNOWN_TOPIC_ID';
    }
    const partition = this.#broker.partitions.led(this.#broker.image(), topic.name, feed.index);
    if (typeof partition === 'string') {
      feed.feedFrom(undefined);
      return partition;
    }
    if (partition.topicId !== feed.topicId) return 'INCONSISTENT_TOPIC_ID';
    feed.feedFrom(partition);
    if (!partition.leading?.replicas.includes(this.#session.brokerId)) return 'REPLICA_NOT_AVAILABLE';
    return partition.judgeEpoch(feed.currentLeaderEpoch) ?? partition;
  }

  #divergence(feed: ReplicaFeed, partition: Partition): { epoch: number; endOffset: number } | 'unknown' | undefined {
    if (feed.lastFetchedEpoch < 0) return undefined;
    const end = partition.log.epochEndOffset(feed.lastFetchedEpoch);
    // It has records of an epoch later than ours: we are not the leader that it takes us for.
    if (end.endOffset < 0) return 'unknown';
    if (end.epoch >= feed.lastFetchedEpoch && end.endOffset >= feed.fetchOffset) return undefined;
    return end;
  }

  #took(feed: ReplicaFeed, partition: Partition, read: LogSlice | LogRefusal): void {
    if (read.kind === 'refused') {
      this.#refuse(feed, read.error, partition.log.startOffset);
      return;
    }
    if (read.release) this.#releases.push(read.release);
    const { log } = partition;
    const { sizeBytes } = read;
    // No room for its next batch: it stays in line.
    if (sizeBytes === 0 && feed.fetchOffset < log.endOffset) feed.touch('records');
    if (
      sizeBytes === 0 &&
      !feed.toldError &&
      feed.toldHighWatermark === log.highWatermark &&
      feed.toldLogStartOffset === log.startOffset
    ) {
      return;
    }
    this.#tell(feed, partition, read.chunks, undefined);
    if (sizeBytes === 0) return;
    feed.awaitsOffset = true;
    this.#bytes += sizeBytes;
    this.#broker.replicas.sent(partition, sizeBytes, this.#session.brokerId);
  }

  #tell(
    feed: ReplicaFeed,
    partition: Partition,
    records: readonly Buffer[],
    divergingEpoch: { epoch: number; endOffset: number } | undefined,
  ): void {
    const { log } = partition;
    feed.toldHighWatermark = log.highWatermark;
    feed.toldLogStartOffset = log.startOffset;
    feed.toldError = false;
    this.#add(feed, {
      partitionIndex: feed.index,
      errorCode: 0,
      highWatermark: log.highWatermark,
      lastStableOffset: log.lastStableOffset,
      logStartOffset: log.startOffset,
      abortedTransactions: null,
      preferredReadReplica: -1,
      records,
      ...(divergingEpoch && { divergingEpoch }),
    });
  }

  #refuse(feed: ReplicaFeed, error: WireError, logStartOffset = -1): void {
    feed.toldError = true;
    feed.awaitsOffset = true;
    this.#add(feed, {
      partitionIndex: feed.index,
      errorCode: errorCode(error),
      highWatermark: -1,
      lastStableOffset: -1,
      logStartOffset,
      abortedTransactions: null,
      preferredReadReplica: -1,
      records: NO_CHUNKS,
    });
  }

  #add(feed: ReplicaFeed, answer: PartitionAnswer): void {
    let last = this.#responses[this.#responses.length - 1];
    if (last?.topicId !== feed.topicId) {
      last = { topic: '', topicId: feed.topicId, partitions: [] };
      this.#responses.push(last);
    }
    last.partitions.push(answer);
  }

  #answerOrPark(): void {
    const opening = this.#request.sessionEpoch === 0;
    const dueAtMs = this.#call.receivedAtMs + this.#request.maxWaitMs;
    const now = this.#broker.ports.clock.monotonic();
    if (this.#responses.length > 0 || opening || this.#session.closed || now >= dueAtMs || this.#call.aborted()) {
      this.#answer();
      return;
    }
    if (this.#session.hasNews) {
      this.start();
      return;
    }
    this.#broker.parked.fetches++;
    this.#deadline = this.#broker.deadlines.at(dueAtMs, () => this.#wake());
    this.#session.onNews = (news: News) => {
      if (news === 'records') queueMicrotask(() => this.#wake());
      else
        this.#soon ??= this.#broker.deadlines.at(this.#broker.ports.clock.monotonic() + watermarkNewsMs, () =>
          this.#wake(),
        );
    };
    this.#call.onAbort(() => this.#unpark());
    this.#call.onFollowed(() => {
      if (this.#unpark()) this.#answer();
    });
  }

  #wake(): void {
    if (!this.#unpark()) return;
    try {
      this.start();
    } catch (error) {
      // No handler's frame is above us any more: the boundary in the pipeline must hear of it, not the process.
      this.#later.fail(error);
    }
  }

  #unpark(): boolean {
    const deadline = this.#deadline;
    if (!deadline) return false;
    this.#deadline = undefined;
    this.#session.onNews = undefined;
    this.#broker.parked.fetches--;
    this.#broker.deadlines.cancel(deadline);
    if (this.#soon) this.#broker.deadlines.cancel(this.#soon);
    this.#soon = undefined;
    return true;
  }

  #answer(): void {
    for (const release of this.#releases) this.#call.onSent(release);
    this.#later.resolve({ errorCode: 0, sessionId: this.#session.id, responses: this.#responses });
  }
}
