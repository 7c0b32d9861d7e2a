// Fetch (api 1): a consumer reads batches from partitions that we lead. Served: 4-18.
//   v5 log start offset   v7 sessions (KIP-227)   v9 leader epoch   v12 divergence by last epoch   v13 topics by id
//   v15 replica state     v16 leader hints (KIP-951)
// Batches go from the log to the socket unopened: an offset inside a batch is answered with the whole batch.
// A follower's fetch (v15+, with its broker epoch) is served by `replica-fetch`. Differs from Kafka: an older one that names
// a replica id is refused per partition, so that no client can pose as a follower and move the high watermark.
import { type InputOf, ZERO_UUID } from '@moldau/protocol';
import { errorCode, type WireError } from '@moldau/protocol/errors';
import type { FetchRequest, FetchResponse } from '@moldau/protocol/messages/fetch';
import type { LogRefusal, LogSlice } from '@moldau/storage';
import { type BrokerContext, type Call, Later } from '../context.ts';
import { PARTITION_EVENTS } from '../events.ts';
import type { DeadlineHandle } from '../partition/deadlines.ts';
import type { FetchContext, FetchedPartition } from '../partition/fetch-sessions.ts';
import { ParkedFetch } from '../partition/parked.ts';
import type { Partition } from '../partition/partition.ts';
import { preferredReadReplica } from '../partition/read-replica.ts';
import { interBrokerListener } from '../peer/peers.ts';
import { couldDo, couldDoInCluster, may } from './access.ts';
import { leaderHint, type NodeEndpoint } from './leader-hint.ts';
import { replicaFetch } from './replica-fetch.ts';

type Response = InputOf<typeof FetchResponse>;
type TopicAnswer = Response['responses'][number];
type PartitionAnswer = TopicAnswer['partitions'][number];

const TOPIC_IDS_SINCE = 13;
const LEADER_HINTS_SINCE = 16;
/** Versions that name the reader's rack may read from followers (KIP-392). */
const FOLLOWERS_SINCE = 11;
const READ_COMMITTED = 1;
const NO_CHUNKS: readonly Buffer[] = [];

export function fetch(broker: BrokerContext, call: Call, request: FetchRequest): Later<Response> {
  const byTopicId = call.apiVersion >= TOPIC_IDS_SINCE;
  const replicaId = call.apiVersion >= 15 ? request.replicaState.replicaId : request.replicaId;
  if (call.apiVersion >= 15 && replicaId >= 0) return replicaFetch(broker, call, request);
  const context = broker.fetchSessions.open({
    sessionId: request.sessionId,
    sessionEpoch: request.sessionEpoch,
    byTopicId,
    privileged: false,
    topics: request.topics,
    forgotten: request.forgottenTopicsData,
    now: call.receivedAtMs,
  });
  const later = new Later<Response>();
  if (context.kind === 'refused') {
    later.resolve({ errorCode: errorCode(context.error), sessionId: 0, responses: [] });
    return later;
  }
  new FetchRun(broker, call, request, context, replicaId, later).start();
  return later;
}

type OpenContext = Exclude<FetchContext, { kind: 'refused' }>;

/** What reading one partition gave. `partition` is missing where there is none to read. */
interface PartitionRead {
  readonly wish: FetchedPartition;
  readonly answer: PartitionAnswer;
  readonly bytes: number;
  readonly partition: Partition | undefined;
  /** Gives the memory of the records back, where it was lent. */
  readonly release: (() => void) | undefined;
}

/** One fetch: read, answer; or park until there is enough or the wait is over, then read again and answer. */
class FetchRun {
  readonly #broker: BrokerContext;
  readonly #call: Call;
  readonly #request: FetchRequest;
  readonly #context: OpenContext;
  readonly #replicaId: number;
  readonly #later: Later<Response>;
  readonly #bytesMax: number;
  readonly #endpoints: NodeEndpoint[] = [];

  // One pass of reading.
  #next: FetchedPartition | undefined;
  #reads: PartitionRead[] = [];
  #bytes = 0;
  /** Something besides data must be told at once. */
  #urgent = false;
  #mayPark: boolean;
  /** The disk was asked: the partitions may have moved on since the first was read. */
  #waited = false;
  #judged: { readonly topic: string; readonly allowed: boolean } | undefined;

  // While parked.
  #parked: ParkedFetch | undefined;
  #deadline: DeadlineHandle | undefined;

  constructor(
    broker: BrokerContext,
    call: Call,
    request: FetchRequest,
    context: OpenContext,
    replicaId: number,
    later: Later<Response>,
  ) {
    this.#broker = broker;
    this.#call = call;
    this.#request = request;
    this.#context = context;
    this.#replicaId = replicaId;
    this.#later = later;
    const quotaBytes = broker.quotas.bytesMax('consumer_byte_rate', call);
    this.#bytesMax = Math.min(Math.max(0, request.maxBytes), broker.config.fetchMaxBytes, quotaBytes);
    this.#mayPark = request.maxWaitMs > 0 && context.partitions.size > 0;
  }

  start(): void {
    this.#next = this.#context.partitions.first;
    for (const { release } of this.#reads) release?.();
    this.#reads = [];
    this.#bytes = 0;
    this.#urgent = false;
    this.#waited = false;
    this.#judged = undefined;
    this.#readOn();
  }

  /** Reads partition after partition; goes on in a callback only where the disk had to be asked. */
  #readOn(): void {
    while (this.#next) {
      const wish = this.#next;
      this.#next = wish.next;
      const partition = this.#partitionOf(wish);
      if (typeof partition === 'string') {
        this.#refused(wish, partition, undefined);
        continue;
      }
      if (wish.lastFetchedEpoch >= 0 && this.#diverged(wish, partition)) continue;
      if (this.#sentElsewhere(wish, partition)) continue;
      const { log } = partition;
      const { highWatermark } = log;
      const readCommitted = this.#request.isolationLevel === READ_COMMITTED;
      const read = log.read({
        offset: wish.fetchOffset,
        bytesMax: Math.min(wish.partitionMaxBytes, this.#bytesMax - this.#bytes),
        end: readCommitted ? Math.min(highWatermark, log.lastStableOffset) : highWatermark,
        wholeFirstBatch: this.#bytes === 0,
      });
      if (read instanceof Promise) {
        this.#waited = true;
        read
          .then(
            (slice) => this.#took(wish, partition, slice, highWatermark),
            (error: unknown) => this.#readFailed(wish, partition, error),
          )
          .then(() => this.#readOn())
          .catch((error: unknown) => this.#later.fail(error));
        return;
      }
      this.#took(wish, partition, read, highWatermark);
    }
    this.#answerOrPark();
  }

  /** The partition that `wish` asks for, or Kafka's error for it. */
  #partitionOf(wish: FetchedPartition): Partition | WireError {
    const broker = this.#broker;
    const image = broker.image();
    let { topic } = wish;
    if (this.#call.apiVersion >= TOPIC_IDS_SINCE) {
      const known = image.topicById(wish.topicId);
      if (!known) return 'UNKNOWN_TOPIC_ID';
      topic = known.name;
    }
    if (broker.authorizer && !this.#mayRead(topic)) return 'TOPIC_AUTHORIZATION_FAILED';
    if (this.#replicaId >= 0) return 'NOT_LEADER_OR_FOLLOWER';
    const partition =
      this.#call.apiVersion >= FOLLOWERS_SINCE
        ? broker.partitions.readable(image, topic, wish.partition)
        : broker.partitions.led(image, topic, wish.partition);
    if (typeof partition === 'string') return partition;
    if (wish.topicId !== ZERO_UUID && partition.topicId !== wish.topicId) return 'INCONSISTENT_TOPIC_ID';
    return partition.judgeEpoch(wish.currentLeaderEpoch) ?? partition;
  }

  /** Asked once for the partitions of a topic that stand beside each other. */
  #mayRead(topic: string): boolean {
    if (this.#judged?.topic !== topic) {
      const [broker, call] = [this.#broker, this.#call];
      const allowed = couldDo(broker, call, 'READ', 'topic', topic) || this.#isBroker();
      this.#judged = { topic, allowed: allowed || may(broker, call, 'READ', 'topic', topic) };
    }
    return this.#judged.allowed;
  }

  /** A broker that mends a damaged log reads as a consumer does; it may copy everything anyway. */
  #isBroker(): boolean {
    const { listener } = this.#call.connection;
    return (
      listener === interBrokerListener(this.#broker.config) &&
      couldDoInCluster(this.#broker, this.#call, 'CLUSTER_ACTION')
    );
  }

  #refused(wish: FetchedPartition, error: WireError, partition: Partition | undefined): void {
    this.#urgent = true;
    if (partition) partition.cells.failedFetches.value++;
    const answer: PartitionAnswer = {
      partitionIndex: wish.partition,
      errorCode: errorCode(error),
      highWatermark: -1,
      lastStableOffset: -1,
      logStartOffset: -1,
      abortedTransactions: null,
      preferredReadReplica: -1,
      records: NO_CHUNKS,
      currentLeader: this.#hint(wish, error),
    };
    this.#reads.push({ wish, answer, bytes: 0, partition: undefined, release: undefined });
  }

  /** The log met something it did not foresee; what it foresees it answers as a refusal. */
  #readFailed(wish: FetchedPartition, partition: Partition, error: unknown): void {
    const { topic, index } = partition;
    this.#broker.events.emit(PARTITION_EVENTS.readFailed, { topic, partition: index, offset: wish.fetchOffset, error });
    this.#refused(wish, 'KAFKA_STORAGE_ERROR', partition);
  }

  #hint(wish: FetchedPartition, error: WireError) {
    if (this.#call.apiVersion < LEADER_HINTS_SINCE) return undefined;
    if (error !== 'NOT_LEADER_OR_FOLLOWER' && error !== 'FENCED_LEADER_EPOCH') return undefined;
    const topic = wish.topic !== '' ? wish.topic : this.#broker.image().topicById(wish.topicId)?.name;
    if (topic === undefined) return undefined;
    return leaderHint(this.#broker, this.#call, topic, wish.partition, this.#endpoints);
  }

  /** The reader's last batch is of an epoch that ended earlier here: it must cut its log back (KIP-595, KIP-320). */
  #diverged(wish: FetchedPartition, partition: Partition): boolean {
    const { epoch, endOffset } = partition.log.epochEndOffset(wish.lastFetchedEpoch);
    if (epoch < 0 || endOffset < 0) {
      this.#refused(wish, 'OFFSET_OUT_OF_RANGE', partition);
      return true;
    }
    if (epoch >= wish.lastFetchedEpoch && endOffset >= wish.fetchOffset) return false;
    this.#urgent = true;
    const answer = answerOf(wish, partition, partition.log.highWatermark, NO_CHUNKS, this.#request.isolationLevel);
    const told = { ...answer, divergingEpoch: { epoch, endOffset } };
    this.#reads.push({ wish, partition, bytes: 0, answer: told, release: undefined });
    return true;
  }

  /** A replica nearer to the reader has what it wants: it is told to read there. */
  #sentElsewhere(wish: FetchedPartition, partition: Partition): boolean {
    const { rackId } = this.#request;
    if (rackId === '' || !partition.leading) return false;
    const replica = preferredReadReplica(this.#broker, partition.leading, rackId, wish.fetchOffset);
    if (replica === undefined) return false;
    this.#urgent = true;
    const answer = answerOf(wish, partition, partition.log.highWatermark, NO_CHUNKS, this.#request.isolationLevel);
    const told = { ...answer, preferredReadReplica: replica };
    this.#reads.push({ wish, partition, bytes: 0, answer: told, release: undefined });
    return true;
  }

  #took(wish: FetchedPartition, partition: Partition, read: LogSlice | LogRefusal, highWatermark: number): void {
    if (read.kind === 'refused') {
      // A follower may lack what its leader has: the reader's position is not lost for that (R10).
      const behind =
        wish.fetchOffset > partition.log.endOffset && (!partition.isLeader || this.#mayBeReplaced(partition));
      this.#refused(
        wish,
        behind ? 'OFFSET_NOT_AVAILABLE' : this.#broker.repairs.errorOf(partition, read.error),
        partition,
      );
      return;
    }
    this.#bytes += read.sizeBytes;
    const answer = answerOf(wish, partition, highWatermark, read.chunks, this.#request.isolationLevel);
    this.#reads.push({ wish, answer, bytes: read.sizeBytes, partition, release: read.release });
  }

  /**
   * A leader that was frozen or cut off may have a successor whose log is longer. A client without leader epochs
   * (librdkafka before 2.1) would take its OFFSET_OUT_OF_RANGE for lost records and start over at auto.offset.reset.
   */
  #mayBeReplaced(partition: Partition): boolean {
    return partition.state.replicas.length > 1 && !this.#broker.sessionHolds();
  }

  #answerOrPark(): void {
    const minBytes = Math.min(this.#request.minBytes, this.#bytesMax);
    if (!this.#mayPark || this.#urgent || this.#bytes >= minBytes || this.#call.aborted()) {
      this.#answer();
      return;
    }
    const dueAtMs = this.#call.receivedAtMs + this.#request.maxWaitMs;
    if (this.#waited) {
      const moved = this.#reads.some(
        ({ partition, answer }) => partition !== undefined && partition.log.highWatermark !== answer.highWatermark,
      );
      if (moved && this.#broker.ports.clock.monotonic() < dueAtMs) {
        this.start();
        return;
      }
    }
    this.#park(minBytes - this.#bytes, dueAtMs);
  }

  /** Waits for growth, a change, or the deadline. Bounded: a connection has one fetch at a time. */
  #park(bytesMissing: number, dueAtMs: number): void {
    const parked = new ParkedFetch(bytesMissing, () => queueMicrotask(() => this.#wake()));
    this.#parked = parked;
    for (const { partition } of this.#reads) partition?.watch(parked);
    this.#broker.parked.fetches++;
    this.#deadline = this.#broker.deadlines.at(dueAtMs, () => parked.changed());
    this.#call.onAbort(() => this.#unpark());
  }

  /** Reads again what there is now and answers it, enough or not. */
  #wake(): void {
    if (!this.#unpark()) return;
    this.#mayPark = false;
    try {
      this.start();
    } catch (error) {
      // No handler's frame is above us any more: the boundary in the pipeline must hear of it, not the process.
      this.#later.fail(error);
    }
  }

  #unpark(): boolean {
    const parked = this.#parked;
    if (!parked) return false;
    this.#parked = undefined;
    for (const { partition } of this.#reads) partition?.unwatch(parked);
    this.#broker.parked.fetches--;
    if (this.#deadline) this.#broker.deadlines.cancel(this.#deadline);
    return true;
  }

  #answer(): void {
    const context = this.#context;
    if (context.kind === 'incremental' && context.session.epoch !== context.epoch) {
      this.#later.resolve({ errorCode: errorCode('INVALID_FETCH_SESSION_EPOCH'), sessionId: 0, responses: [] });
      return;
    }
    const { quotas, ports, fetchSessions } = this.#broker;
    const throttleTimeMs = quotas.mayPass('consumer_byte_rate', this.#call, this.#bytes, ports.clock.monotonic());
    if (throttleTimeMs > 0) {
      // Nothing is told and the session forgets nothing: the same fetch comes again when the time is over (KIP-219). A
      // full one begins its session then; an answer that gave it one now would have to name every partition.
      for (const { release } of this.#reads) release?.();
      if (context.kind === 'full' && context.session) fetchSessions.close(context.session.id);
      this.#call.throttle(throttleTimeMs);
      const sessionId = context.kind === 'incremental' ? context.session.id : 0;
      this.#later.resolve({ throttleTimeMs, errorCode: 0, sessionId, responses: [] });
      return;
    }
    const responses: { topic: string; topicId: string; partitions: PartitionAnswer[] }[] = [];
    let last: (typeof responses)[number] | undefined;
    for (const { wish, answer, bytes, partition, release } of this.#reads) {
      const told = context.partitions.tell(wish, {
        errorCode: answer.errorCode,
        highWatermark: answer.highWatermark,
        logStartOffset: answer.logStartOffset ?? -1,
        recordsBytes: bytes,
        directs: answer.divergingEpoch !== undefined || answer.preferredReadReplica !== -1,
      });
      if (context.kind === 'incremental' && !told) continue;
      if (!last || last.topic !== wish.topic || last.topicId !== wish.topicId) {
        last = { topic: wish.topic, topicId: wish.topicId, partitions: [] };
        responses.push(last);
      }
      last.partitions.push(answer);
      if (partition && bytes > 0) partition.cells.bytesOut.value += bytes;
      if (release) this.#call.onSent(release);
    }
    const sessionId = context.kind === 'sessionless' ? 0 : (context.session?.id ?? 0);
    this.#later.resolve({ errorCode: 0, sessionId, responses, nodeEndpoints: this.#endpoints });
  }
}

function answerOf(
  wish: FetchedPartition,
  partition: Partition,
  highWatermark: number,
  records: readonly Buffer[],
  isolationLevel: number,
): PartitionAnswer {
  const { log } = partition;
  return {
    partitionIndex: wish.partition,
    errorCode: 0,
    highWatermark,
    lastStableOffset: Math.min(highWatermark, log.lastStableOffset),
    logStartOffset: log.startOffset,
    abortedTransactions: isolationLevel === READ_COMMITTED ? NO_ABORTED : null,
    preferredReadReplica: -1,
    records,
  };
}

const NO_ABORTED: readonly { producerId: number; firstOffset: number }[] = [];
