import { APIS, type Api, decodeResponse, encodeResponse } from '@moldau/protocol';
import { describe, expect, test } from 'vitest';
import { failureAnswer } from './failure-answer.ts';
import { SERVED_APIS } from './table.ts';

const id = 'AAAAAAAAAAAAAAAAAAAAAQ';
const requests: Record<string, unknown> = {
  Produce: { topicData: [{ name: 't', topicId: id, partitionData: [{ index: 3 }] }] },
  Fetch: { topics: [{ topic: 't', topicId: id, partitions: [{ partition: 3 }] }] },
  ListOffsets: { topics: [{ name: 't', partitions: [{ partitionIndex: 3 }] }] },
  DeleteRecords: { topics: [{ name: 't', partitions: [{ partitionIndex: 3 }] }] },
  OffsetForLeaderEpoch: { topics: [{ topic: 't', partitions: [{ partition: 3 }] }] },
  OffsetCommit: { topics: [{ name: 't', topicId: id, partitions: [{ partitionIndex: 3 }] }] },
  Metadata: { topics: [{ name: 't' }] },
  OffsetFetch: { groups: [{ groupId: 'g' }], topics: [{ name: 't', partitionIndexes: [3] }] },
  DeleteTopics: { topicNames: ['t'], topics: [{ name: 't', topicId: id }] },
  DescribeProducers: { topics: [{ name: 't', partitionIndexes: [3] }] },
  DescribeTopicPartitions: { topics: [{ name: 't' }] },
  FindCoordinator: { coordinatorKeys: ['g'] },
  DescribeGroups: { groups: ['g'] },
  DeleteGroups: { groupsNames: ['g'] },
  AlterReplicaLogDirs: { dirs: [{ path: '/a', topics: [{ name: 't', partitions: [3] }] }] },
  CreateAcls: { creations: [{}] },
  DeleteAcls: { filters: [{}] },
  AlterClientQuotas: { entries: [{ entity: [{ entityType: 'user', entityName: 'a' }] }] },
  AlterUserScramCredentials: { deletions: [{ name: 'a' }], upsertions: [{ name: 'b' }] },
};

describe.each(SERVED_APIS.map((served) => [served.api, served] as const))('%s', (api, { versions }) => {
  test('encodes in every version and tells the error', () => {
    for (let apiVersion = versions.min; apiVersion <= versions.max; apiVersion++) {
      const answer = failureAnswer(api, apiVersion, requests[api] ?? {}, new Error('unforeseen'));
      // DescribeLogDirs had no place for an error before v3: its client loses the connection.
      if (api === 'DescribeLogDirs' && apiVersion < 3) continue;
      expect(answer).toBeDefined();
      const of = { api: APIS[api] as Api, apiVersion, correlationId: 7 };
      const frame = Buffer.concat(encodeResponse(of, answer as never)).subarray(4);
      const { body } = decodeResponse(of.api, apiVersion, frame);
      if (requests[api]) expect(JSON.stringify(body)).toContain('"errorCode":-1');
    }
  });
});
