// The cluster itself: its brokers, their log directories, what each of them speaks.
import { asKafkaError, errorOfCode, throwOnCode } from '../errors.ts';
import { authorized } from './acls.ts';
import type { AdminCalls } from './admin-calls.ts';
import type {
  BrokerFeatures,
  CallOptions,
  ClusterDescription,
  LogDirDescription,
  Node,
  Outcome,
  WithAuthorizedOperations,
} from './admin-model.ts';

export function describeCluster(
  calls: AdminCalls,
  options: CallOptions & WithAuthorizedOperations & { readonly includeFencedBrokers?: boolean } = {},
): Promise<ClusterDescription> {
  return calls.run('Describing the cluster', options, async () => {
    const connection = await calls.cluster.anyConnection();
    if (connection.versions.find('DescribeCluster') !== undefined) {
      const answer = await calls.cluster.send('any', 'DescribeCluster', (version) => ({
        includeClusterAuthorizedOperations: options.includeAuthorizedOperations ?? false,
        ...(version >= 2 ? { includeFencedBrokers: options.includeFencedBrokers ?? false } : {}),
      }));
      throwOnCode(answer.errorCode, { message: answer.errorMessage });
      const nodes = answer.brokers.map(
        ({ brokerId, host, port, rack, isFenced }): Node => ({ id: brokerId, host, port, rack, fenced: isFenced }),
      );
      return {
        ...{ clusterId: answer.clusterId, controllerId: answer.controllerId, nodes: byId(nodes) },
        ...authorized(options, answer.clusterAuthorizedOperations),
      };
    }
    const answer = await calls.cluster.send('any', 'Metadata', { topics: [] }, { newest: 12 });
    const nodes = answer.brokers.map(({ nodeId, host, port, rack }): Node => ({ id: nodeId, host, port, rack }));
    return { clusterId: answer.clusterId, controllerId: answer.controllerId, nodes: byId(nodes) };
  });
}

function byId(nodes: Node[]): Node[] {
  return nodes.sort((a, b) => a.id - b.id);
}

export async function describeLogDirs(
  calls: AdminCalls,
  brokerIds: readonly number[] | undefined,
  options: CallOptions & { readonly topics?: readonly string[] } = {},
): Promise<Map<number, Outcome<LogDirDescription[]>>> {
  const ids = await calls.run('Finding brokers', options, async () => {
    await calls.cluster.refresh();
    return brokerIds ?? [...calls.cluster.metadata.brokers.keys()].sort((a, b) => a - b);
  });
  // A broker is asked for whole topics, so their partitions must be known first.
  const topics = options.topics ? await partitionsOf(calls, options.topics, options) : null;
  const describe = (id: number): Promise<LogDirDescription[]> =>
    calls.run(`Describing the log directories of broker ${id}`, options, async () => {
      const answer = await calls.cluster.send(id, 'DescribeLogDirs', { topics });
      throwOnCode(answer.errorCode);
      return answer.results.map((directory) => ({
        path: directory.logDir,
        error: errorOfCode(directory.errorCode),
        totalBytes: directory.totalBytes,
        usableBytes: directory.usableBytes,
        replicas: directory.topics.flatMap(({ name, partitions }) =>
          partitions.map(({ partitionIndex, partitionSize, offsetLag, isFutureKey }) => ({
            topic: name,
            partition: partitionIndex,
            sizeBytes: partitionSize,
            offsetLag,
            isFuture: isFutureKey,
          })),
        ),
      }));
    });
  const outcomes = await Promise.all(
    ids.map(async (id): Promise<[number, Outcome<LogDirDescription[]>]> => {
      try {
        return [id, await describe(id)];
      } catch (error) {
        return [id, asKafkaError(error)];
      }
    }),
  );
  return new Map(outcomes);
}

async function partitionsOf(
  calls: AdminCalls,
  topics: readonly string[],
  options: CallOptions,
): Promise<{ topic: string; partitions: number[] }[]> {
  await calls.run('Looking up topics', options, () => calls.describe(topics));
  return topics.map((topic) => ({
    topic,
    partitions: calls.cluster.metadata.topic(topic)?.partitions.map(({ partition }) => partition) ?? [],
  }));
}

export function apiVersions(
  calls: AdminCalls,
  nodeId: number | undefined,
  options: CallOptions = {},
): Promise<BrokerFeatures> {
  return calls.run('Asking for API versions', options, async () => {
    if (nodeId !== undefined) await calls.brokers();
    const connection =
      nodeId === undefined ? await calls.cluster.anyConnection() : await calls.cluster.connection(nodeId);
    const { apiKeys, supportedFeatures, finalizedFeatures, finalizedFeaturesEpoch } = connection.versions.answer;
    return { apis: apiKeys, supportedFeatures, finalizedFeatures, finalizedFeaturesEpoch };
  });
}
