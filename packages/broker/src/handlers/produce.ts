// Produce (api 0): a client appends record batches to partitions that it believes we lead. Served: 3-13; advertised from
// 0, because older librdkafka silently stops compressing otherwise (KAFKA-18659).
//   v7 zstd   v8 record errors   v10 leader hints (KIP-951)   v12 implicit AddPartitionsToTxn   v13 topics by id (KIP-516)
// Order: offsets are given before the first wait, so batches keep the order of the connection.
// Differs from Kafka: acks 1 is answered when the records are persisted as `log.durability` says, not when they are only
// in memory; a request with acks 0 counts as in flight until then, which bounds what waits for the disk; transactional
// batches are refused until transactions are served; acks 0 and 1 are refused while this broker cannot know whether it still
// leads (invariant 26), which acks=all finds out by itself.
import type { InputOf } from '@moldau/protocol';
import { errorCode, type WireError } from '@moldau/protocol/errors';
import type { ProduceRequest, ProduceResponse } from '@moldau/protocol/messages/produce';
import { BATCH_OVERHEAD, isTransactional } from '@moldau/protocol/records/batch-header';
import type { Appended } from '@moldau/storage';
import { type BrokerContext, type Call, CLOSE_CONNECTION, Later, NO_RESPONSE } from '../context.ts';
import type { DeadlineHandle } from '../partition/deadlines.ts';
import type { WaitFailure } from '../partition/parked.ts';
import type { Partition, Refused } from '../partition/partition.ts';
import { isInternalTopic } from '../topic-names.ts';
import { may } from './access.ts';
import { leaderHint, type NodeEndpoint } from './leader-hint.ts';

type Response = InputOf<typeof ProduceResponse>;
type PartitionData = ProduceRequest['topicData'][number]['partitionData'][number];

/** One partition of the answer; filled in when its fate is known. */
interface PartitionAnswer {
  readonly index: number;
  /** Placed, and not yet known to be safe. Not on the wire. */
  open: boolean;
  errorCode: number;
  baseOffset: number;
  logAppendTimeMs: number;
  logStartOffset: number;
  recordErrors: NonNullable<Refused['recordErrors']>[number][];
  errorMessage: string | null;
  currentLeader?: { readonly leaderId: number; readonly leaderEpoch: number } | undefined;
}

const ZSTD_SINCE = 7;
const LEADER_HINTS_SINCE = 10;
const TOPIC_ID_SINCE = 13;
/** The one client that may write to internal topics: Kafka's own admin tools name themselves so. */
const ADMIN_CLIENT_ID = '__admin_client';

export function produce(broker: BrokerContext, call: Call, request: ProduceRequest): Later<Response> {
  const produced = new PendingProduce(broker, call, request);
  const image = broker.image();
  const now = broker.ports.clock.now();
  for (const topicData of request.topicData) {
    const byId = call.apiVersion >= TOPIC_ID_SINCE;
    const topic = byId ? image.topicById(topicData.topicId)?.name : topicData.name;
    const forbidden = broker.authorizer && topic !== undefined && !may(broker, call, 'WRITE', 'topic', topic);
    const partitionResponses: PartitionAnswer[] = [];
    produced.responses.push({ name: topicData.name, topicId: topicData.topicId, partitionResponses });
    for (const data of topicData.partitionData) {
      const answer = blankAnswer(data.index);
      partitionResponses.push(answer);
      const error: WireError | undefined = forbidden
        ? 'TOPIC_AUTHORIZATION_FAILED'
        : request.acks < -1 || request.acks > 1
          ? 'INVALID_REQUIRED_ACKS'
          : topic === undefined
            ? 'UNKNOWN_TOPIC_ID'
            : isInternalTopic(topic) && call.clientId !== ADMIN_CLIENT_ID
              ? 'INVALID_TOPIC_EXCEPTION'
              : undefined;
      if (error !== undefined || topic === undefined) {
        produced.refuse(answer, topic, { kind: 'refused', error: error ?? 'UNKNOWN_TOPIC_ID', detail: '' });
        continue;
      }
      const partition = broker.partitions.led(image, topic, data.index);
      if (typeof partition === 'string') {
        produced.refuse(answer, topic, { kind: 'refused', error: partition, detail: '' });
        continue;
      }
      produced.place(answer, partition, data, now, call.apiVersion >= ZSTD_SINCE);
    }
  }
  return produced.sealed(call.receivedAtMs + Math.max(0, request.timeoutMs));
}

/** A Produce whose batches have their offsets and wait to be safe. */
class PendingProduce {
  readonly responses: { name: string; topicId: string; partitionResponses: PartitionAnswer[] }[] = [];
  readonly #broker: BrokerContext;
  readonly #call: Call;
  readonly #acks: number;
  readonly #transactionalId: string | null;
  readonly #endpoints: NodeEndpoint[] = [];
  readonly #later = new Later<Response>();
  /** Partitions whose fate is open, and one for the request still being read. */
  #open = 1;
  #refused = false;
  #parked = false;
  #deadline: DeadlineHandle | undefined;

  constructor(broker: BrokerContext, call: Call, request: ProduceRequest) {
    this.#broker = broker;
    this.#call = call;
    this.#acks = request.acks;
    this.#transactionalId = request.transactionalId;
  }

  refuse(answer: PartitionAnswer, topic: string | undefined, refusal: Refused): void {
    this.#refused = true;
    answer.errorCode = errorCode(refusal.error);
    answer.errorMessage = refusal.detail === '' ? null : refusal.detail;
    if (refusal.recordErrors) answer.recordErrors = [...refusal.recordErrors];
    if (topic === undefined || this.#call.apiVersion < LEADER_HINTS_SINCE) return;
    if (refusal.error === 'NOT_LEADER_OR_FOLLOWER' || refusal.error === 'FENCED_LEADER_EPOCH') {
      answer.currentLeader = leaderHint(this.#broker, this.#call, topic, answer.index, this.#endpoints);
    }
  }

  place(answer: PartitionAnswer, partition: Partition, data: PartitionData, now: number, zstdAllowed: boolean): void {
    const placed = this.#tryPlace(partition, data, now, zstdAllowed);
    if (placed.kind === 'refused') {
      partition.cells.failedProduces.value++;
      this.refuse(answer, partition.topic, placed);
      return;
    }
    answer.baseOffset = placed.baseOffset;
    answer.logAppendTimeMs = placed.logAppendTimeMs;
    answer.logStartOffset = placed.logStartOffset;
    const endOffset = placed.lastOffset + 1;
    this.#open++;
    answer.open = true;
    if (this.#acks === -1) {
      partition.whenReplicated(endOffset, (failure) => {
        this.#settle(answer, partition, failure && ERROR_OF[failure]);
      });
    } else {
      partition.log.whenPersisted(endOffset, (error) => {
        this.#settle(answer, partition, error && 'KAFKA_STORAGE_ERROR');
      });
    }
  }

  /** All batches have been placed: the answer, which comes at the latest at `dueAtMs`. */
  sealed(dueAtMs: number): Later<Response> {
    this.#open--;
    if (this.#open === 0) this.#finish();
    else {
      this.#parked = true;
      this.#broker.parked.produces++;
      if (this.#acks !== 0) this.#deadline = this.#broker.deadlines.at(dueAtMs, () => this.#timeOut());
    }
    return this.#later;
  }

  #tryPlace(partition: Partition, data: PartitionData, now: number, zstdAllowed: boolean): Appended | Refused {
    const { records } = data;
    if (records !== null && records.length >= BATCH_OVERHEAD && isTransactional(records)) {
      return this.#transactionRefusal();
    }
    if (this.#acks !== -1 && partition.state.replicas.length > 1 && !this.#broker.sessionHolds()) {
      const detail = 'the metadata store has not confirmed this broker for long: only acks=all is safe until it does';
      return { kind: 'refused', error: 'NOT_LEADER_OR_FOLLOWER', detail };
    }
    return partition.place(records ?? NO_RECORDS, {
      origin: 'client',
      now,
      zstdAllowed,
      requireInSync: this.#acks === -1,
    });
  }

  #transactionRefusal(): Refused {
    const id = this.#transactionalId;
    if (id !== null && may(this.#broker, this.#call, 'WRITE', 'transactionalId', id)) {
      return { kind: 'refused', error: 'INVALID_TXN_STATE', detail: 'transactions are not served by this broker yet' };
    }
    const detail = id === null ? 'a transactional batch needs a transactional id' : '';
    return { kind: 'refused', error: 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED', detail };
  }

  #settle(answer: PartitionAnswer, partition: Partition, error: WireError | undefined): void {
    if (!answer.open) return;
    answer.open = false;
    if (error !== undefined) this.refuse(answer, partition.topic, { kind: 'refused', error, detail: '' });
    this.#open--;
    if (this.#open === 0) this.#finish();
  }

  #timeOut(): void {
    for (const topic of this.responses) {
      for (const answer of topic.partitionResponses) {
        if (!answer.open) continue;
        answer.open = false;
        answer.errorCode = errorCode('REQUEST_TIMED_OUT');
      }
    }
    this.#finish();
  }

  #finish(): void {
    if (this.#parked) this.#broker.parked.produces--;
    if (this.#deadline) this.#broker.deadlines.cancel(this.#deadline);
    const { quotas, ports } = this.#broker;
    const now = ports.clock.monotonic();
    const throttleTimeMs = quotas.passed('producer_byte_rate', this.#call, this.#call.frameBytes, now);
    if (throttleTimeMs > 0) this.#call.throttle(throttleTimeMs);
    const nodeEndpoints = this.#endpoints;
    if (this.#acks !== 0) this.#later.resolve({ responses: this.responses, throttleTimeMs, nodeEndpoints });
    else this.#later.resolve(this.#refused ? CLOSE_CONNECTION : NO_RESPONSE);
  }
}

/** Why an acks=all is not answered with success. */
const ERROR_OF: Record<WaitFailure, WireError> = {
  notLeader: 'NOT_LEADER_OR_FOLLOWER',
  offline: 'KAFKA_STORAGE_ERROR',
  notEnoughReplicas: 'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
};

const NO_RECORDS = Buffer.alloc(0);

function blankAnswer(index: number): PartitionAnswer {
  return {
    index,
    open: false,
    errorCode: 0,
    baseOffset: -1,
    logAppendTimeMs: -1,
    logStartOffset: -1,
    recordErrors: [],
    errorMessage: null,
  };
}
