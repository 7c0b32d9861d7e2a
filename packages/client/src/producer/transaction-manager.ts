// What a transactional producer is doing and what it has to ask of the coordinator next: Kafka's TransactionManager. Pure:
// `now` comes in, requests go out as data (`next`), answers come back (`answered`, `lost`); `transactor.ts` carries them.
//
//   UNINITIALIZED → INITIALIZING → READY → IN_TRANSACTION → COMMITTING_TRANSACTION → READY
//                                               ↓  ↘  ABORTABLE_ERROR → ABORTING_TRANSACTION → READY
//   and from everywhere to FATAL_ERROR, which nothing leaves: the producer was fenced, or is not allowed.
//
// Two protocols. Up to transaction.version 1 each partition and group is added to the transaction by a request of its own,
// and the epoch stays. From 2 on (KIP-890) Produce and TxnOffsetCommit add by themselves, and every EndTxn answers the
// epoch of the next transaction, so that nothing late can get into it. Which one holds is looked at between transactions.
// Always: one request under way; EndTxn is not asked before every record's fate is certain.
import { KafkaError } from '../errors.ts';
import type { CommitEntry } from '../group/committed-offsets.ts';
import { PartitionMap, type TopicPartition } from '../topic-partition.ts';
import type { ProducerIdentity } from './producer-batch.ts';
import type { ConsumerGroupMetadata } from './producer-model.ts';
import { reactionTo, type StepKind } from './transaction-reactions.ts';
import {
  asCommitFailed,
  blameOf,
  type CoordinatorFeatures,
  type Done,
  failOffsetsOf,
  inErrorState,
  once,
  type Step,
  stillToDo,
  type TransactionAnswer,
  type TransactionRequest,
} from './transaction-steps.ts';

export type TransactionState =
  | 'UNINITIALIZED'
  | 'INITIALIZING'
  | 'READY'
  | 'IN_TRANSACTION'
  | 'COMMITTING_TRANSACTION'
  | 'ABORTING_TRANSACTION'
  | 'ABORTABLE_ERROR'
  | 'FATAL_ERROR';

type Operation = 'initTransactions' | 'commitTransaction' | 'abortTransaction';

const PRIORITY: { readonly [K in StepKind]: number } = {
  findCoordinator: 0,
  initProducerId: 1,
  addPartitions: 2,
  addOffsets: 2,
  commitOffsets: 2,
  end: 3,
};
/** The last transaction's markers are still being written: that is a matter of milliseconds. */
const CONCURRENT_PAUSE_MS = 20;

export class TransactionManager {
  readonly transactionalId: string;
  readonly #pauseMs: (failures: number) => number;
  #state: TransactionState = 'UNINITIALIZED';
  #identity: ProducerIdentity | undefined;
  #lastError: KafkaError | undefined;
  #operation: { readonly name: Operation; readonly waiters: Done[] } | undefined;
  #queue: Step[] = [];
  #current: Step | undefined;
  /** An attempt of these may have been carried out, whatever later ones were answered: busy, or moved. */
  readonly #uncertain = new Set<Step>();
  /** Partitions of this transaction: `true` when the coordinator knows them (before KIP-890). */
  readonly #partitions = new PartitionMap<boolean>();
  /** The coordinator knows of this transaction, or may. */
  #started = false;
  #features: CoordinatorFeatures = { transactionVersion: 0, raisesEpoch: false };
  #v2 = false;
  #mustRaise = false;
  #coordinator: number | undefined;
  readonly #groupCoordinators = new Map<string, number>();
  #failures = 0;
  #notBefore = 0;

  /** `pauseMs`: how long to wait after so many failures in a row. */
  constructor(transactionalId: string, pauseMs: (failures: number) => number) {
    this.transactionalId = transactionalId;
    this.#pauseMs = pauseMs;
  }

  get state(): TransactionState {
    return this.#state;
  }

  /** A new object for each id and epoch. Undefined before initTransactions. */
  get identity(): ProducerIdentity | undefined {
    return this.#identity;
  }

  /** Of ABORTABLE_ERROR and FATAL_ERROR. */
  get lastError(): KafkaError | undefined {
    return this.#lastError;
  }

  /** Whether Produce adds its partitions by itself. */
  get isV2(): boolean {
    return this.#v2;
  }

  get isOpen(): boolean {
    return (
      this.#state === 'IN_TRANSACTION' ||
      this.#state === 'COMMITTING_TRANSACTION' ||
      this.#state === 'ABORTING_TRANSACTION' ||
      this.#state === 'ABORTABLE_ERROR'
    );
  }

  /** A commit or an abort is under way: nobody lingers. */
  get isEnding(): boolean {
    return this.#state === 'COMMITTING_TRANSACTION' || this.#state === 'ABORTING_TRANSACTION';
  }

  initialize(done: Done): void {
    if (this.#joins('initTransactions', done)) return;
    if (this.#state !== 'UNINITIALIZED') throw this.#unfit('initTransactions() is called once, before everything else');
    this.#state = 'INITIALIZING';
    this.#operation = { name: 'initTransactions', waiters: [done] };
    this.#queue.push({ kind: 'initProducerId', raise: undefined });
  }

  begin(): void {
    this.#assertIdle();
    this.#assertSound();
    if (this.#state === 'UNINITIALIZED') throw this.#unfit('initTransactions() comes first');
    if (this.#state !== 'READY') throw this.#unfit('a transaction is open already');
    this.#state = 'IN_TRANSACTION';
  }

  /** Throws unless records may be sent now. */
  assertMaySend(): void {
    this.#assertIdle();
    this.#assertSound();
    if (this.#state !== 'IN_TRANSACTION') throw this.#unfit('beginTransaction() comes before the first record');
  }

  /** A record for the partition was appended. */
  addPartition(topic: string, partition: number): void {
    if (this.#partitions.has(topic, partition)) return;
    this.#partitions.set(topic, partition, this.#v2);
    if (this.#v2) this.#started = true;
  }

  /** May a batch for the partition go out? `again`: it has been out before, and only its answer is wanted. */
  maySend(topic: string, partition: number, again: boolean): boolean {
    if (this.#state === 'FATAL_ERROR') return false;
    if (this.#state !== 'IN_TRANSACTION' && this.#state !== 'COMMITTING_TRANSACTION' && !again) return false;
    return this.#partitions.get(topic, partition) === true;
  }

  sendOffsets(entries: readonly CommitEntry[], group: ConsumerGroupMetadata, done: Done): void {
    this.#assertIdle();
    this.#assertSound();
    if (this.#state !== 'IN_TRANSACTION') throw this.#unfit('beginTransaction() comes before offsets');
    const offsets = { group, entries, done: once(done) };
    if (!this.#v2) {
      this.#queue.push({ kind: 'addOffsets', offsets });
      return;
    }
    this.#started = true;
    this.#queue.push({ kind: 'commitOffsets', offsets, adds: true });
  }

  commit(done: Done): void {
    if (this.#joins('commitTransaction', done)) return;
    this.#assertSound();
    if (this.#state !== 'IN_TRANSACTION') throw this.#unfit('there is no transaction to commit');
    this.#state = 'COMMITTING_TRANSACTION';
    this.#end('commitTransaction', done);
  }

  abort(done: Done): void {
    if (this.#joins('abortTransaction', done)) return;
    if (this.#state !== 'ABORTABLE_ERROR') this.#assertSound();
    if (this.#state !== 'IN_TRANSACTION' && this.#state !== 'ABORTABLE_ERROR') {
      throw this.#unfit('there is no transaction to abort');
    }
    this.#state = 'ABORTING_TRANSACTION';
    const error = this.#lastError ?? new KafkaError('TRANSACTION_ABORTED');
    this.#lastError = undefined;
    this.#dropWaiting(error);
    // Partitions that the coordinator was never told of need no end.
    for (const [topic, partition, added] of [...this.#partitions.entries()]) {
      if (!added && !this.#isUnderWay(topic, partition)) this.#partitions.delete(topic, partition);
    }
    this.#end('abortTransaction', done);
  }

  /** A batch has failed for good. Its records are missing, so the transaction cannot be committed. */
  batchFailed(error: KafkaError): void {
    const { error: name } = error;
    if (
      name === 'CLUSTER_AUTHORIZATION_FAILED' ||
      name === 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED' ||
      name === 'PRODUCER_FENCED' ||
      name === 'UNSUPPORTED_VERSION' ||
      name === 'INVALID_PRODUCER_ID_MAPPING'
    ) {
      this.#fatal(error);
      return;
    }
    // KIP-360: what was given up leaves a hole in the numbering, and may still arrive. A new epoch ends both.
    if (!this.#v2) this.#mustRaise = true;
    this.#abortable(error);
  }

  /** Answers what to send now; undefined when nothing, or not before `wakeAt`. `hasIncomplete`: records are under way. */
  next(now: number, hasIncomplete: boolean): TransactionRequest | undefined {
    if (this.#current || this.#state === 'FATAL_ERROR' || now < this.#notBefore) return undefined;
    this.#addNewPartitions();
    const step = this.#firstStep();
    if (!step) return undefined;
    if (step.kind === 'end' && hasIncomplete) return undefined;
    if (step.kind === 'end' && !this.#started) {
      // The coordinator has never heard of this transaction: there is nothing to end.
      this.#take(step);
      this.#ended();
      return this.next(now, hasIncomplete);
    }
    const to = this.#destination(step);
    if (to !== undefined) {
      this.#take(step);
      return this.#request(step, to);
    }
    const isOfGroup = step.kind === 'commitOffsets';
    return this.#request(
      isOfGroup
        ? { kind: 'findCoordinator', of: 'group', key: step.offsets.group.groupId }
        : { kind: 'findCoordinator', of: 'transaction', key: this.transactionalId },
      'any',
    );
  }

  /** When to ask `next` again without anything having happened; 0 when it need not wait. */
  get wakeAt(): number {
    return this.#current ? 0 : this.#notBefore;
  }

  /** The coordinator was connected to, and this is what it can do. */
  learn(features: CoordinatorFeatures): void {
    this.#features = features;
  }

  answered(answer: TransactionAnswer, now: number): void {
    const step = this.#settleCurrent();
    const blamed = blameOf(step, answer);
    if (blamed === 'NONE') {
      // That there is a coordinator does not mean that it is ready: pauses go on growing until what it is for succeeds.
      if (step.kind !== 'findCoordinator') this.#failures = 0;
      this.#uncertain.delete(step);
      this.#notBefore = 0;
      this.#succeeded(step, answer);
      return;
    }
    const error = new KafkaError(blamed, answer.message ? { message: answer.message } : {});
    switch (reactionTo(step.kind, blamed)) {
      case 'again':
        this.#again(stillToDo(step, answer), now, blamed === 'CONCURRENT_TRANSACTIONS');
        return;
      case 'lookUp':
        this.#forgetCoordinator(step);
        this.#again(stillToDo(step, answer), now, false);
        return;
      case 'abort':
        this.#refused(step, step.kind === 'commitOffsets' ? asCommitFailed(error) : error);
        return;
      case 'fenced':
        this.#fatal(error.error === 'PRODUCER_FENCED' ? error : new KafkaError('PRODUCER_FENCED', { cause: error }));
        break;
      default:
        this.#fatal(error);
    }
    failOffsetsOf(step, this.#lastError!);
  }

  /** No answer came: whether the request was carried out is not known. All of them may be sent twice. */
  lost(error: KafkaError, now: number): void {
    const step = this.#settleCurrent();
    if (!error.retriable) {
      this.#fatal(error);
      failOffsetsOf(step, error);
      return;
    }
    this.#forgetCoordinator(step);
    if (step.kind === 'addPartitions' || step.kind === 'addOffsets') this.#uncertain.add(step);
    this.#again(step, now, false);
  }

  /** Of no use from now on (the producer is being closed). */
  stop(error: KafkaError): void {
    this.#fatal(error);
  }

  #joins(name: Operation, done: Done): boolean {
    if (!this.#operation) return false;
    if (this.#operation.name !== name) this.#assertIdle();
    this.#operation.waiters.push(done);
    return true;
  }

  #assertIdle(): void {
    if (!this.#operation) return;
    throw new KafkaError('ILLEGAL_STATE', {
      message: `${this.#operation.name}() is still under way: await it, or call it again when its time was over.`,
    });
  }

  #assertSound(): void {
    if (this.#lastError) throw inErrorState(this.#lastError, this.#state === 'FATAL_ERROR');
  }

  #unfit(why: string): KafkaError {
    return new KafkaError('ILLEGAL_STATE', { message: `The producer is in state ${this.#state}: ${why}.` });
  }

  #end(name: Operation, done: Done): void {
    this.#operation = { name, waiters: [done] };
    this.#queue.push({ kind: 'end', committed: name === 'commitTransaction' });
  }

  #isUnderWay(topic: string, partition: number): boolean {
    return [...this.#queue, ...(this.#current ? [this.#current] : [])].some(
      (step) =>
        step.kind === 'addPartitions' &&
        step.partitions.some((added) => added.topic === topic && added.partition === partition),
    );
  }

  #addNewPartitions(): void {
    if (this.#v2 || (this.#state !== 'IN_TRANSACTION' && this.#state !== 'COMMITTING_TRANSACTION')) return;
    const partitions: TopicPartition[] = [];
    for (const [topic, partition, added] of this.#partitions.entries()) {
      if (!added && !this.#isUnderWay(topic, partition)) partitions.push({ topic, partition });
    }
    if (partitions.length > 0) this.#queue.push({ kind: 'addPartitions', partitions });
  }

  #firstStep(): Step | undefined {
    // A transaction that failed waits for abortTransaction().
    if (this.#state === 'ABORTABLE_ERROR') return undefined;
    let first: Step | undefined;
    for (const step of this.#queue) if (!first || PRIORITY[step.kind] < PRIORITY[first.kind]) first = step;
    return first;
  }

  #destination(step: Step): number | 'any' | undefined {
    if (step.kind === 'findCoordinator') return 'any';
    if (step.kind === 'commitOffsets') return this.#groupCoordinators.get(step.offsets.group.groupId);
    return this.#coordinator;
  }

  #take(step: Step): void {
    this.#queue.splice(this.#queue.indexOf(step), 1);
  }

  #request(step: Step, to: number | 'any'): TransactionRequest {
    this.#current = step;
    return { ...step, to, identity: this.#identity, v2: this.#v2 };
  }

  #settleCurrent(): Step {
    const step = this.#current;
    if (!step) throw new KafkaError('ILLEGAL_STATE', { message: 'an answer to no request' });
    this.#current = undefined;
    return step;
  }

  #again(step: Step, now: number, soon: boolean): void {
    const pauseMs = this.#pauseMs(++this.#failures);
    this.#notBefore = now + (soon ? Math.min(pauseMs, CONCURRENT_PAUSE_MS) : pauseMs);
    // The search for a coordinator is made anew by whoever needs one.
    if (step.kind === 'findCoordinator') return;
    if (this.#state === 'ABORTABLE_ERROR' || this.#state === 'ABORTING_TRANSACTION') {
      // Its offsets will not be committed; only whether the coordinator has heard of the transaction is of interest.
      failOffsetsOf(step, this.#lastError ?? new KafkaError('TRANSACTION_ABORTED'));
      if (step.kind === 'commitOffsets') return;
    }
    this.#queue.unshift(step);
  }

  #forgetCoordinator(step: Step): void {
    if (step.kind === 'findCoordinator') return;
    if (step.kind === 'commitOffsets') this.#groupCoordinators.delete(step.offsets.group.groupId);
    else this.#coordinator = undefined;
  }

  #succeeded(step: Step, answer: TransactionAnswer): void {
    switch (step.kind) {
      case 'findCoordinator':
        if (step.of === 'group') this.#groupCoordinators.set(step.key, answer.nodeId!);
        else this.#coordinator = answer.nodeId!;
        return;
      case 'initProducerId':
        this.#identity = { producerId: answer.producerId!, epoch: answer.epoch! };
        this.#v2 = this.#features.transactionVersion >= 2;
        this.#ready();
        return;
      case 'addPartitions':
        this.#started = true;
        for (const { topic, partition } of step.partitions) this.#partitions.set(topic, partition, true);
        return;
      case 'addOffsets':
        this.#started = true;
        if (this.#state === 'IN_TRANSACTION' || this.#state === 'COMMITTING_TRANSACTION') {
          this.#queue.push({ kind: 'commitOffsets', offsets: step.offsets, adds: false });
        } else {
          step.offsets.done(this.#lastError ?? new KafkaError('TRANSACTION_ABORTED'));
        }
        return;
      case 'commitOffsets':
        step.offsets.done(undefined);
        return;
      default:
        // From transaction.version 2 on each transaction has an epoch of its own; the answer names the next one.
        if ((answer.producerId ?? -1) >= 0 && (answer.epoch ?? -1) >= 0) {
          this.#identity = { producerId: answer.producerId!, epoch: answer.epoch! };
          this.#mustRaise = false;
        }
        this.#ended();
    }
  }

  /** The transaction is over for the coordinator. */
  #ended(): void {
    this.#started = false;
    this.#uncertain.clear();
    this.#partitions.clear();
    const v2 = this.#features.transactionVersion >= 2;
    // The first transaction of the new protocol needs an epoch that none of the old one has used.
    const upgraded = v2 && !this.#v2;
    if (!this.#mustRaise && !upgraded) {
      this.#v2 = v2;
      this.#ready();
      return;
    }
    if (!this.#features.raisesEpoch) {
      this.#fatal(
        new KafkaError('UNSUPPORTED_VERSION', {
          message: 'A record was given up, and the broker (before 2.5) cannot raise the epoch: make a new producer.',
        }),
      );
      return;
    }
    this.#state = 'INITIALIZING';
    this.#queue.push({ kind: 'initProducerId', raise: this.#identity });
  }

  #ready(): void {
    this.#mustRaise = false;
    this.#state = 'READY';
    this.#settleOperation(undefined);
  }

  #settleOperation(error: KafkaError | undefined): void {
    const operation = this.#operation;
    this.#operation = undefined;
    for (const waiter of operation?.waiters ?? []) waiter(error);
  }

  #refused(step: Step, error: KafkaError): void {
    failOffsetsOf(step, error);
    const isEnded = step.kind === 'end' && this.#state === 'ABORTING_TRANSACTION';
    // There is no abort of an abort, and none before there is an id.
    if (isEnded || this.#state === 'INITIALIZING') this.#fatal(error);
    else this.#abortable(error);
  }

  #abortable(error: KafkaError): void {
    if (this.#state !== 'IN_TRANSACTION' && this.#state !== 'COMMITTING_TRANSACTION') return;
    this.#state = 'ABORTABLE_ERROR';
    this.#lastError = error;
    this.#dropWaiting(error);
    this.#settleOperation(inErrorState(error, false));
  }

  #fatal(error: KafkaError): void {
    if (this.#state === 'FATAL_ERROR') return;
    this.#state = 'FATAL_ERROR';
    this.#lastError = error;
    this.#dropWaiting(error);
    this.#settleOperation(inErrorState(error, true));
  }

  /**
   * What waits is not done any more, and whoever waits for offsets is told. Only additions that may have reached the
   * coordinator stay: until it is certain whether it knows of the transaction, it cannot be ended.
   */
  #dropWaiting(error: KafkaError): void {
    const waiting = this.#queue;
    this.#queue = waiting.filter((step) => this.#uncertain.has(step));
    for (const step of waiting) failOffsetsOf(step, error);
  }
}
