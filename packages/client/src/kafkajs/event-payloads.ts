// What listeners are handed, by event, under KafkaJS's names for these types.
import type { ADMIN_EVENTS, CONSUMER_EVENTS, InstrumentationEvent, PRODUCER_EVENTS } from './events.ts';
import type { Assignment, TopicOffsets } from './model.ts';

export type ProducerEvents = typeof PRODUCER_EVENTS;
export type ConsumerEvents = typeof CONSUMER_EVENTS;
export type AdminEvents = typeof ADMIN_EVENTS;
export type RemoveInstrumentationEventListener = () => void;

interface Member {
  readonly groupId: string;
  readonly memberId: string;
}
interface BatchProcess {
  readonly topic: string;
  readonly partition: number;
  readonly highWatermark: string;
  readonly offsetLag: string;
  readonly offsetLagLow: string;
  readonly batchSize: number;
  readonly firstOffset: string;
  readonly lastOffset: string;
}

export type ConnectEvent = InstrumentationEvent<null>;
export type DisconnectEvent = InstrumentationEvent<null>;
export type ConsumerHeartbeatEvent = InstrumentationEvent<Member & { readonly groupGenerationId: number }>;
export type ConsumerCommitOffsetsEvent = InstrumentationEvent<
  Member & { readonly groupGenerationId: number; readonly topics: TopicOffsets[] }
>;
/** `duration` in milliseconds. */
export type ConsumerGroupJoinEvent = InstrumentationEvent<
  Member & { readonly duration: number; readonly groupProtocol: string; readonly memberAssignment: Assignment }
>;
export type ConsumerFetchStartEvent = InstrumentationEvent<{ readonly nodeId: number }>;
export type ConsumerFetchEvent = InstrumentationEvent<{
  readonly numberOfBatches: number;
  readonly duration: number;
  readonly nodeId: number;
}>;
export type ConsumerStartBatchProcessEvent = InstrumentationEvent<BatchProcess>;
export type ConsumerEndBatchProcessEvent = InstrumentationEvent<BatchProcess & { readonly duration: number }>;
export type ConsumerCrashEvent = InstrumentationEvent<{
  readonly error: Error;
  readonly groupId: string;
  readonly restart: boolean;
}>;
export type ConsumerRebalancingEvent = InstrumentationEvent<Member>;

interface SentRequest {
  readonly apiKey: number;
  readonly apiName: string;
  readonly apiVersion: number;
  /** host:port, by the name it goes by. */
  readonly broker: string;
  readonly clientId: string;
  readonly correlationId: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly sentAt: number;
  /** Between the two; 0, as nothing waits before it is sent. */
  readonly pendingDuration: number;
}
/** `duration` in milliseconds, from sending to the answer; `size` of the answer in bytes. */
export type RequestEvent = InstrumentationEvent<SentRequest & { readonly duration: number; readonly size: number }>;
export type RequestTimeoutEvent = InstrumentationEvent<SentRequest>;
/** Never comes: there is no such queue. */
export type RequestQueueSizeEvent = InstrumentationEvent<
  Pick<SentRequest, 'broker' | 'clientId'> & { readonly queueSize: number }
>;
