// Transactions as an operator sees them (KIP-664): list, describe, abort one that hangs, fence its producer.
import { asKafkaError, errorOfCode, KafkaError, throwOnCode } from '../errors.ts';
import { findCoordinator } from '../group/find-coordinator.ts';
import { partitionText } from '../topic-partition.ts';
import { type AdminCalls, UNKNOWN_TOPIC_RETRIES } from './admin-calls.ts';
import type { CallOptions, Outcome } from './admin-model.ts';
import type {
  FencedProducer,
  ListTransactionsOptions,
  TransactionDescription,
  TransactionListing,
  TransactionState,
  TransactionToAbort,
} from './transaction-model.ts';

const STATES: readonly TransactionState[] = [
  ...(['Empty', 'Ongoing', 'PrepareCommit', 'PrepareAbort', 'CompleteCommit', 'CompleteAbort', 'Dead'] as const),
  'PrepareEpochFence',
];

function stateOf(text: string): TransactionState {
  return STATES.find((state) => state === text) ?? 'Unknown';
}

/** Each broker knows the transactions it coordinates, so all are asked. Sorted by id. */
export function listTransactions(
  calls: AdminCalls,
  options: ListTransactionsOptions = {},
): Promise<TransactionListing[]> {
  const { states = [], producerIds = [], durationMs, transactionalIdPattern } = options;
  return calls.run('Listing transactions', options, async () => {
    await calls.cluster.refresh();
    const lists = await Promise.all(
      [...calls.cluster.metadata.brokers.keys()].map(async (coordinator) => {
        const answer = await calls.cluster.send(coordinator, 'ListTransactions', (version) => {
          if (durationMs !== undefined && version < 1) throw tooOld('duration');
          if (transactionalIdPattern !== undefined && version < 2) throw tooOld('pattern');
          return {
            stateFilters: [...states],
            producerIdFilters: [...producerIds],
            ...(durationMs === undefined ? {} : { durationFilter: durationMs }),
            ...(transactionalIdPattern === undefined ? {} : { transactionalIdPattern }),
          };
        });
        throwOnCode(answer.errorCode);
        if (answer.unknownStateFilters.length > 0) {
          const message = `The broker does not know transactions to be ${answer.unknownStateFilters.join(', ')}.`;
          throw new KafkaError('INVALID_ARGUMENT', { message });
        }
        return answer.transactionStates.map(
          ({ transactionalId, producerId, transactionState }): TransactionListing => ({
            ...{ transactionalId, producerId, state: stateOf(transactionState), coordinator },
          }),
        );
      }),
    );
    return lists.flat().sort((a, b) => (a.transactionalId < b.transactionalId ? -1 : 1));
  });
}

function tooOld(what: string): KafkaError {
  return new KafkaError('UNSUPPORTED_VERSION', { message: `The broker does not filter transactions by ${what}.` });
}

/** Asks the coordinator of each id; one whose coordinator fails has that as its outcome. */
function eachId<T>(
  calls: AdminCalls,
  what: string,
  ids: readonly string[],
  options: CallOptions,
  ask: (coordinator: number, id: string) => Promise<Outcome<T>>,
): Promise<Map<string, Outcome<T>>> {
  return calls.each<string, T>(
    what,
    options,
    ids,
    (id) => id,
    async (items) => {
      const outcomes = items.map(async (id): Promise<[string, Outcome<T>]> => {
        try {
          return [id, await ask((await findCoordinator(calls.cluster, id, 'transaction')).id, id)];
        } catch (error) {
          return [id, asKafkaError(error)];
        }
      });
      return new Map(await Promise.all(outcomes));
    },
  );
}

export function describeTransactions(
  calls: AdminCalls,
  transactionalIds: readonly string[],
  options: CallOptions = {},
): Promise<Map<string, Outcome<TransactionDescription>>> {
  return eachId<TransactionDescription>(
    calls,
    'Describing transactions',
    transactionalIds,
    options,
    async (coordinator, id) => {
      const answer = await calls.cluster.send(coordinator, 'DescribeTransactions', { transactionalIds: [id] });
      const [state] = answer.transactionStates;
      if (!state) throw new KafkaError('TRANSACTIONAL_ID_NOT_FOUND');
      return (
        errorOfCode(state.errorCode) ?? {
          coordinator,
          state: stateOf(state.transactionState),
          producerId: state.producerId,
          producerEpoch: state.producerEpoch,
          transactionTimeoutMs: state.transactionTimeoutMs,
          transactionStartTimeMs: state.transactionStartTimeMs,
          partitions: state.topics.flatMap(({ topic, partitions }) =>
            partitions.map((partition) => ({ topic, partition })),
          ),
        }
      );
    },
  );
}

/** Writes the marker that ends a hanging transaction in one partition. Rejects with KafkaError. */
export async function abortTransaction(
  calls: AdminCalls,
  transaction: TransactionToAbort,
  options: CallOptions = {},
): Promise<void> {
  const outcomes = await calls.each<TransactionToAbort, true>(
    'Aborting a transaction',
    options,
    [transaction],
    partitionText,
    async () => {
      (await calls.cluster.anyConnection()).versions.pick('WriteTxnMarkers');
      return new Map([[partitionText(transaction), await abortOnce(calls, transaction)]]);
    },
    UNKNOWN_TOPIC_RETRIES,
  );
  const outcome = outcomes.get(partitionText(transaction));
  if (outcome instanceof KafkaError) throw outcome;
}

async function abortOnce(calls: AdminCalls, transaction: TransactionToAbort): Promise<Outcome<true>> {
  const { topic, partition, producerId, producerEpoch, coordinatorEpoch } = transaction;
  await calls.describe([topic]);
  const { metadata } = calls.cluster;
  const leader = metadata.leaderOf(topic, partition);
  if (leader === undefined) {
    const known = metadata.partition(topic, partition) !== undefined;
    const error = metadata.topicError(topic) ?? (known ? 'LEADER_NOT_AVAILABLE' : 'UNKNOWN_TOPIC_OR_PARTITION');
    return new KafkaError(error, { topic, partition });
  }
  const topics = [{ name: topic, partitionIndexes: [partition] }];
  const answer = await calls.cluster.send(leader, 'WriteTxnMarkers', {
    markers: [{ producerId, producerEpoch, coordinatorEpoch, transactionResult: false, topics }],
  });
  const outcome = answer.markers[0]?.topics[0]?.partitions[0];
  return errorOfCode(outcome?.errorCode ?? -1, { topic, partition }) ?? true;
}

/** Shuts out whoever produces under these ids: what they have open is aborted, and their next request fails. */
export function fenceProducers(
  calls: AdminCalls,
  transactionalIds: readonly string[],
  options: CallOptions = {},
): Promise<Map<string, Outcome<FencedProducer>>> {
  return eachId<FencedProducer>(calls, 'Fencing producers', transactionalIds, options, async (coordinator, id) => {
    // No transaction will be begun under the new epoch; 1 ms is what Kafka's Admin says.
    const answer = await calls.cluster.send(coordinator, 'InitProducerId', {
      transactionalId: id,
      transactionTimeoutMs: 1,
    });
    const { producerId, producerEpoch } = answer;
    return errorOfCode(answer.errorCode) ?? { producerId, producerEpoch };
  });
}
