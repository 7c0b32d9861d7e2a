// AlterPartition (api 56): the leader of a partition asks the controller for another in-sync set (KIP-497). Between brokers
// only. Served: 2-3.   v3  in-sync replicas with their broker epochs (KIP-903)
import type { InputOf } from '@moldau/protocol';
import { errorCode } from '@moldau/protocol/errors';
import type { AlterPartitionRequest, AlterPartitionResponse } from '@moldau/protocol/messages/alter-partition';
import type { BrokerContext, Call } from '../context.ts';
import type { IsrWish } from '../controller/controller-access.ts';

type Response = InputOf<typeof AlterPartitionResponse>;
const EPOCHS_SINCE = 3;
const RECOVERING = 1;

export async function alterPartition(
  broker: BrokerContext,
  call: Call,
  request: AlterPartitionRequest,
): Promise<Response> {
  const controller = broker.controller.local;
  if (!controller) return { errorCode: errorCode('NOT_CONTROLLER'), topics: [] };
  const wishes = request.topics.flatMap(({ topicId, partitions }) =>
    partitions.map(
      (one): IsrWish => ({
        topicId,
        partition: one.partitionIndex,
        leaderEpoch: one.leaderEpoch,
        partitionEpoch: one.partitionEpoch,
        leaderRecoveryState: one.leaderRecoveryState === RECOVERING ? 'recovering' : 'recovered',
        newIsr:
          call.apiVersion >= EPOCHS_SINCE
            ? one.newIsrWithEpochs
            : one.newIsr.map((brokerId) => ({ brokerId, brokerEpoch: -1 })),
      }),
    ),
  );
  const { brokerId, brokerEpoch } = request;
  const outcomes = await controller.alterPartitions(wishes, { brokerId, brokerEpoch });
  if (outcomes.length > 0 && outcomes.every(({ error }) => error === 'STALE_BROKER_EPOCH')) {
    return { errorCode: errorCode('STALE_BROKER_EPOCH'), topics: [] };
  }
  const topics = new Map<string, Response['topics'][number]['partitions'][number][]>();
  outcomes.forEach(({ error, state }, index) => {
    const { topicId, partition } = wishes[index]!;
    const answers = topics.get(topicId) ?? [];
    topics.set(topicId, answers);
    answers.push({
      partitionIndex: partition,
      errorCode: errorCode(error),
      leaderId: state?.leader ?? -1,
      leaderEpoch: state?.leaderEpoch ?? -1,
      isr: state?.isr ?? [],
      leaderRecoveryState: state?.leaderRecoveryState === 'recovering' ? RECOVERING : 0,
      partitionEpoch: state?.partitionEpoch ?? -1,
    });
  });
  return { errorCode: 0, topics: [...topics].map(([topicId, partitions]) => ({ topicId, partitions })) };
}
