// ElectLeaders (api 43): elects leaders of partitions anew, by order of the preferred ones or, for partitions without a
// leader, from any replica that lives (KIP-460). Served: 0-2.   v1 the kind of election; an error of the whole answer
import type { InputOf } from '@moldau/protocol';
import { errorCode } from '@moldau/protocol/errors';
import type { ElectLeadersRequest, ElectLeadersResponse } from '@moldau/protocol/messages/elect-leaders';
import type { BrokerContext, Call } from '../context.ts';
import type { ElectionWish } from '../controller/elect-leaders.ts';

type Response = InputOf<typeof ElectLeadersResponse>;
type PartitionResult = Response['replicaElectionResults'][number]['partitionResult'][number];
const UNCLEAN = 1;

export async function electLeaders(broker: BrokerContext, call: Call, request: ElectLeadersRequest): Promise<Response> {
  const type = call.apiVersion >= 1 && request.electionType === UNCLEAN ? 'unclean' : 'preferred';
  if (call.apiVersion >= 1 && request.electionType !== 0 && request.electionType !== UNCLEAN) {
    return { errorCode: errorCode('INVALID_REQUEST'), replicaElectionResults: [] };
  }
  const all = request.topicPartitions === null;
  const wishes =
    request.topicPartitions?.flatMap(({ topic, partitions }) =>
      partitions.map((partition): ElectionWish => ({ topic, partition })),
    ) ??
    [...broker.image().topics()].flatMap(({ name, partitions }) =>
      partitions.map(({ partition }): ElectionWish => ({ topic: name, partition })),
    );
  const outcomes = await broker.controller.here().electLeaders(wishes, type);
  const results = new Map<string, PartitionResult[]>();
  outcomes.forEach(({ error, detail }, index) => {
    // Of all partitions only those that something was done about are told.
    if (all && error === 'ELECTION_NOT_NEEDED') return;
    const { topic, partition } = wishes[index]!;
    const partitionResult = results.get(topic) ?? [];
    results.set(topic, partitionResult);
    partitionResult.push({ partitionId: partition, errorCode: errorCode(error), errorMessage: detail });
  });
  return {
    errorCode: 0,
    replicaElectionResults: [...results].map(([topic, partitionResult]) => ({ topic, partitionResult })),
  };
}
