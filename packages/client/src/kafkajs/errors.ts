// The errors of the KafkaJS face: KafkaJS's class names and fields, so that `error.name`, `error.type`, `error.retriable`
// and `instanceof` in existing applications go on working. `kafkaJsError` turns the native KafkaError into them; the
// native error stays reachable as `cause`.
import { KafkaError } from '../errors.ts';

interface Details {
  readonly retriable?: boolean;
  readonly cause?: unknown;
}

export class KafkaJSError extends Error {
  readonly retriable: boolean;
  readonly helpUrl?: string;
  /** `message`: a text, or an error whose text is taken over. */
  constructor(message: Error | string, { retriable = true, cause }: Details = {}) {
    super(textOf(message), cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.retriable = retriable;
  }
}

export class KafkaJSNonRetriableError extends KafkaJSError {
  constructor(message: Error | string, { cause }: Details = {}) {
    super(message, { retriable: false, cause });
  }
}

/** An error that a broker answered. */
export class KafkaJSProtocolError extends KafkaJSError {
  /** Kafka's name: 'UNKNOWN_TOPIC_OR_PARTITION'. */
  readonly type: string;
  /** Kafka's number. */
  readonly code: number;
  constructor(
    error: (Error | string) & { readonly type?: string; readonly code?: number; readonly retriable?: boolean },
    details: Details = {},
  ) {
    super(error, { ...details, retriable: details.retriable ?? error.retriable ?? false });
    this.type = error.type ?? 'UNKNOWN';
    this.code = error.code ?? -1;
  }
}

export class KafkaJSOffsetOutOfRange extends KafkaJSProtocolError {
  readonly topic: string;
  readonly partition: number;
  constructor(
    error: ConstructorParameters<typeof KafkaJSProtocolError>[0],
    where: { readonly topic: string; readonly partition: number },
  ) {
    super(error);
    this.topic = where.topic;
    this.partition = where.partition;
  }
}

export class KafkaJSCreateTopicError extends KafkaJSProtocolError {
  readonly topic: string;
  constructor(error: ConstructorParameters<typeof KafkaJSProtocolError>[0], topic: string) {
    super(error);
    this.topic = topic;
  }
}

export class KafkaJSAlterPartitionReassignmentsError extends KafkaJSProtocolError {
  readonly topic: string | undefined;
  readonly partition: number | undefined;
  constructor(error: ConstructorParameters<typeof KafkaJSProtocolError>[0], topic?: string, partition?: number) {
    super(error);
    this.topic = topic;
    this.partition = partition;
  }
}

export class KafkaJSAggregateError extends Error {
  readonly errors: readonly (Error | string)[];
  constructor(message: Error | string, errors: readonly (Error | string)[]) {
    super(textOf(message));
    this.name = 'KafkaJSAggregateError';
    this.errors = errors;
  }
}

export class KafkaJSNumberOfRetriesExceeded extends KafkaJSNonRetriableError {
  readonly retryCount: number;
  /** The last pause, in milliseconds. */
  readonly retryTime: number;
  constructor(
    error: Error | string,
    { retryCount = 0, retryTime = 0 }: { readonly retryCount?: number; readonly retryTime?: number } = {},
  ) {
    super(error, { cause: error });
    this.retryCount = retryCount;
    this.retryTime = retryTime;
  }
}

export class KafkaJSConnectionError extends KafkaJSError {
  readonly broker: string | undefined;
  readonly code: string | undefined;
  constructor(
    message: Error | string,
    { broker, code, cause }: { readonly broker?: string; readonly code?: string; readonly cause?: unknown } = {},
  ) {
    super(message, { cause });
    this.broker = broker;
    this.code = code;
  }
}

export class KafkaJSConnectionClosedError extends KafkaJSConnectionError {}

export class KafkaJSRequestTimeoutError extends KafkaJSError {}
export class KafkaJSMetadataNotLoaded extends KafkaJSError {}

export class KafkaJSTopicMetadataNotLoaded extends KafkaJSMetadataNotLoaded {
  readonly topic: string | undefined;
  constructor(message: Error | string, { topic }: { readonly topic?: string } = {}) {
    super(message);
    this.topic = topic;
  }
}

export class KafkaJSStaleTopicMetadataAssignment extends KafkaJSError {
  readonly topic: string | undefined;
  readonly unknownPartitions: readonly unknown[];
  constructor(
    message: Error | string,
    o: { readonly topic?: string; readonly unknownPartitions?: readonly unknown[] } = {},
  ) {
    super(message);
    this.topic = o.topic;
    this.unknownPartitions = o.unknownPartitions ?? [];
  }
}

export class KafkaJSServerDoesNotSupportApiKey extends KafkaJSNonRetriableError {
  readonly apiKey: number | undefined;
  readonly apiName: string | undefined;
  constructor(message: Error | string, o: { readonly apiKey?: number; readonly apiName?: string } & Details = {}) {
    super(message, o);
    this.apiKey = o.apiKey;
    this.apiName = o.apiName;
  }
}

export class KafkaJSBrokerNotFound extends KafkaJSError {}
export class KafkaJSPartialMessageError extends KafkaJSNonRetriableError {}
export class KafkaJSSASLAuthenticationError extends KafkaJSNonRetriableError {}
export class KafkaJSGroupCoordinatorNotFound extends KafkaJSNonRetriableError {}
export class KafkaJSNotImplemented extends KafkaJSNonRetriableError {}
export class KafkaJSTimeout extends KafkaJSNonRetriableError {}
export class KafkaJSLockTimeout extends KafkaJSTimeout {}
export class KafkaJSUnsupportedMagicByteInMessageSet extends KafkaJSNonRetriableError {}

export interface FailedGroup {
  readonly groupId: string;
  readonly errorCode: number;
  readonly error: KafkaJSError;
}

export class KafkaJSDeleteGroupsError extends KafkaJSError {
  readonly groups: readonly FailedGroup[];
  constructor(message: Error | string, groups: readonly FailedGroup[] = []) {
    super(message);
    this.groups = groups;
  }
}

export interface FailedDeletion {
  readonly partition: number;
  readonly offset: string;
  readonly error: KafkaJSError;
}

export class KafkaJSDeleteTopicRecordsError extends KafkaJSError {
  readonly partitions: readonly FailedDeletion[];
  constructor({ topic, partitions }: { readonly topic: string; readonly partitions: readonly FailedDeletion[] }) {
    const retriable = partitions.some(({ error }) => error.retriable);
    super(`Records of ${topic} were not deleted in partitions ${partitions.map((p) => p.partition).join(', ')}.`, {
      retriable,
    });
    this.partitions = partitions;
  }
}

function textOf(message: Error | string): string {
  return typeof message === 'string' ? message : message.message;
}

/** What the native client threw, as KafkaJS would have named it. Other values pass through unchanged. */
export function kafkaJsError(thrown: unknown): Error {
  if (thrown instanceof KafkaJSError || thrown instanceof KafkaJSAggregateError) return thrown;
  if (!(thrown instanceof KafkaError)) return thrown instanceof Error ? thrown : new Error(String(thrown));
  const { error, code, retriable, topic, partition, advice } = thrown;
  const message = advice === '' ? thrown.message : `${thrown.message} ${advice}`;
  const details = { retriable, cause: thrown };
  switch (error) {
    case 'NETWORK_EXCEPTION':
    case 'NOT_A_KAFKA_BROKER':
      return new KafkaJSConnectionError(message, details);
    case 'SSL_AUTHENTICATION_FAILED':
      return new KafkaJSConnectionError(message, details);
    case 'SASL_AUTHENTICATION_FAILED':
    case 'UNSUPPORTED_SASL_MECHANISM':
    case 'ILLEGAL_SASL_STATE':
      return new KafkaJSSASLAuthenticationError(message, { cause: thrown });
    case 'REQUEST_TIMED_OUT':
      return new KafkaJSRequestTimeoutError(message, details);
    case 'UNSUPPORTED_VERSION':
      return new KafkaJSServerDoesNotSupportApiKey(message, details);
    case 'CLIENT_CLOSED':
      return new KafkaJSError(message, { cause: thrown });
    default:
  }
  if (code === undefined) return new KafkaJSError(message, details);
  const wire = Object.assign(new Error(message), { type: error, code, retriable });
  if (error === 'OFFSET_OUT_OF_RANGE' && topic !== undefined && partition !== undefined) {
    return new KafkaJSOffsetOutOfRange(wire, { topic, partition });
  }
  return new KafkaJSProtocolError(wire, details);
}

/** Awaits, and throws what KafkaJS would have thrown. */
export async function inKafkaJsErrors<T>(work: Promise<T> | (() => Promise<T>)): Promise<T> {
  try {
    return await (typeof work === 'function' ? work() : work);
  } catch (error) {
    throw kafkaJsError(error);
  }
}
