// DescribeProducers (api 61): the producers that wrote to a partition lately, with their sequences and open transactions
// (KIP-664). Served: 0.
import type { InputOf } from '@moldau/protocol';
import { errorCode } from '@moldau/protocol/errors';
import type { DescribeProducersRequest, DescribeProducersResponse } from '@moldau/protocol/messages/describe-producers';
import type { BrokerContext, Call } from '../context.ts';
import { may } from './access.ts';

type Response = InputOf<typeof DescribeProducersResponse>;

export function describeProducers(broker: BrokerContext, call: Call, request: DescribeProducersRequest): Response {
  const image = broker.image();
  return {
    topics: request.topics.map(({ name, partitionIndexes }) => {
      const mine = may(broker, call, 'READ', 'topic', name);
      const partitions = partitionIndexes.map((partitionIndex) => {
        const partition = mine ? broker.partitions.led(image, name, partitionIndex) : 'TOPIC_AUTHORIZATION_FAILED';
        if (typeof partition === 'string') {
          return { partitionIndex, errorCode: errorCode(partition), activeProducers: [] };
        }
        const activeProducers = partition.log.producers().map((producer) => ({
          producerId: producer.producerId,
          producerEpoch: producer.producerEpoch,
          lastSequence: producer.lastSequence,
          lastTimestamp: producer.lastTimestamp,
          coordinatorEpoch: producer.coordinatorEpoch,
          currentTxnStartOffset: producer.currentTransactionStartOffset,
        }));
        return { partitionIndex, errorCode: 0, activeProducers };
      });
      return { name, partitions };
    }),
  };
}
