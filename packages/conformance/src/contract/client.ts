// A Kafka client as the contract sees it: enough to produce, to be a member of a group and to make a topic. One adapter
// per client (src/suites/<client>/adapter.ts) translates; what a client cannot do it says in `can`, and the contract then
// has no such test for it.

export type Codec = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';

export interface Header {
  readonly key: string;
  readonly value: Buffer | null;
}

export interface SentRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: readonly Header[];
  readonly partition?: number;
  /** Milliseconds; the client's clock when absent. */
  readonly timestamp?: number;
}

export interface ReceivedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly Header[];
  /** How many assignments the member had been given before it handed this over, where the adapter tells. */
  readonly session?: number;
}

export interface SenderOptions {
  readonly codec?: Codec;
  /** Default -1. */
  readonly acks?: -1 | 0 | 1;
  /** Default false. */
  readonly idempotent?: boolean;
  /** Keys go where Kafka's Java client puts them, also where that is not the client's default (librdkafka). */
  readonly javaPartitioner?: boolean;
  /** Makes the sender transactional; only where the client can (`can.transactions`). */
  readonly transactionalId?: string;
}

/** Of a sender with a `transactionalId`, which has said so to the coordinator (initTransactions) already. */
export interface Transactions {
  begin(): Promise<void>;
  commit(): Promise<void>;
  abort(): Promise<void>;
}

export interface Sender {
  /** Resolves when all are acknowledged; rejects with a RefusedByBroker when the broker answered with an error code. */
  send(topic: string, records: readonly SentRecord[]): Promise<void>;
  readonly transactions?: Transactions;
  close(): Promise<void>;
}

/** A client's error that carries the broker's error code. */
export class RefusedByBroker extends Error {
  readonly errorCode: number;

  constructor(errorCode: number, message: string) {
    super(message);
    this.errorCode = errorCode;
  }
}

export interface JoinOptions {
  readonly group: string;
  readonly topic: string;
  /** Where to begin without a committed offset (default earliest). */
  readonly reset?: 'earliest' | 'latest';
  /** `group.instance.id`. */
  readonly instanceId?: string;
  /** Default 6000, the least Kafka allows. */
  readonly sessionTimeoutMs?: number;
  readonly assignor?: 'range' | 'roundrobin' | 'cooperative-sticky';
  /**
   * Default classic. consumer: KIP-848, only where the client can (`can.consumerProtocol`); `assignor` and
   * `sessionTimeoutMs` are then the broker's and must not be given.
   */
  readonly protocol?: 'classic' | 'consumer';
  /** Default read_uncommitted. */
  readonly isolation?: 'read_committed';
  /** In a process of its own where the client is one, so that it can crash. */
  readonly separately?: boolean;
}

/** A consumer in a group. It commits what it has handed over, within a second and at the latest when it leaves. */
export interface Member {
  /** Everything received so far, in the order of arrival; grows. */
  readonly records: readonly ReceivedRecord[];
  /** Partitions held now; empty during a rebalance. */
  assignment(): readonly number[];
  /** How many assignments this member was given so far. */
  assignments(): number;
  /** First error that ended the member, if any. */
  failure(): Error | undefined;
  leave(): Promise<void>;
  /** Ends without a word to the broker. Only where the client is a process of its own. */
  crash?(): Promise<void>;
}

export interface ConnectedClient {
  createTopic(name: string, partitions: number, configs?: Readonly<Record<string, string>>): Promise<void>;
  sender(o?: SenderOptions): Promise<Sender>;
  join(o: JoinOptions): Promise<Member>;
  close(): Promise<void>;
}

export interface ClientAdapter {
  readonly name: string;
  readonly codecs: readonly Codec[];
  readonly can: {
    readonly idempotence: boolean;
    /** Has `group.instance.id`, and leaves without a word when it closes. */
    readonly staticMembers: boolean;
    /** Sends a header without a value (null, not empty). */
    readonly nullHeaders: boolean;
    /** Keeps several headers of one key, in order. */
    readonly repeatedHeaders: boolean;
    /** Waits for nothing with acks=0. */
    readonly acksZero: boolean;
    readonly assignors: readonly NonNullable<JoinOptions['assignor']>[];
    /** Says so when its generation's member id or instance id is fenced, through `failure()`. */
    readonly tellsFencing: boolean;
    /** Hands the broker's time over for a batch of LogAppendTime. */
    readonly logAppendTime: boolean;
    /** May hand a record over twice although nothing happened to its group; the contract then looks at offsets only. */
    readonly redelivers: boolean;
    /** Default false: the adapter has no senders with a `transactionalId`. */
    readonly transactions?: boolean;
    /** Default false: the adapter has no members of the protocol `consumer` (KIP-848). */
    readonly consumerProtocol?: boolean;
  };
  connect(bootstrap: string): Promise<ConnectedClient>;
}
