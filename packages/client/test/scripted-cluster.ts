// Brokers of one topic `t` with one partition, each with a log of its own that a test writes and rewrites: who leads, under
// which epoch, and what each replica holds is set by hand, so that truncations and lagging replicas can be staged. They
// answer as Kafka does, including where a leader epoch ends. No groups; consumers assign.
import { WIRE_ERRORS, type WireError } from '@moldau/protocol';
import { writeBatch } from '@moldau/protocol/records/batch-writer';
import { type Asked, type Reply, ScriptedBroker } from './scripted-broker.ts';

export interface Held {
  readonly value: string;
  readonly epoch: number;
}

const VERSIONS = {
  errorCode: 0,
  apiKeys: [
    { apiKey: 1, minVersion: 4, maxVersion: 12 },
    { apiKey: 2, minVersion: 1, maxVersion: 7 },
    { apiKey: 3, minVersion: 0, maxVersion: 12 },
    { apiKey: 18, minVersion: 0, maxVersion: 4 },
    { apiKey: 23, minVersion: 2, maxVersion: 4 },
  ],
};

interface FetchWish {
  readonly partition: number;
  readonly currentLeaderEpoch: number;
  readonly fetchOffset: number;
  readonly lastFetchedEpoch: number;
}

export class ScriptedCluster {
  /** By node id from 1 on. Index is offset; `start` records are deleted. */
  readonly logs: Held[][];
  readonly brokers: ScriptedBroker[] = [];
  leader = 1;
  leaderEpoch = 0;
  /** What Metadata says, when it is to differ from what is so. */
  metadataEpoch: number | undefined;
  /** What a leader answers to a consumer that names its rack; undefined sends it nowhere. */
  nearest: number | undefined;
  /** A replica refuses with this. */
  refusal: { readonly node: number; readonly error: WireError } | undefined;
  /** Every Fetch, as `node:offset`. */
  readonly fetches: string[] = [];
  readonly racks: string[] = [];
  epochQuestions = 0;

  private constructor(count: number) {
    this.logs = Array.from({ length: count }, () => []);
  }

  static async start(count: number): Promise<ScriptedCluster> {
    const cluster = new ScriptedCluster(count);
    for (let node = 1; node <= count; node++) {
      cluster.brokers.push(await ScriptedBroker.start((asked) => cluster.#reply(node, asked)));
    }
    return cluster;
  }

  get bootstrap(): string {
    return this.brokers.map(({ port }) => `127.0.0.1:${port}`).join();
  }

  /** Appends to the logs of these nodes (all by default). */
  write(epoch: number, values: readonly string[], nodes = this.logs.map((_, index) => index + 1)): void {
    for (const node of nodes) this.logs[node - 1]!.push(...values.map((value) => ({ value, epoch })));
  }

  async stop(): Promise<void> {
    await Promise.all(this.brokers.map((broker) => broker.stop()));
  }

  #reply(node: number, { api, body }: Asked): Reply {
    switch (api) {
      case 'ApiVersions':
        return VERSIONS;
      case 'Metadata':
        return this.#metadata();
      case 'OffsetForLeaderEpoch':
        return this.#epochEnds(node, body);
      case 'ListOffsets':
        return this.#offsets(node, body);
      case 'Fetch':
        return this.#fetch(node, body);
      default:
        return 'hang up';
    }
  }

  #metadata(): object {
    const ids = this.brokers.map((_, index) => index + 1);
    return {
      brokers: this.brokers.map(({ port }, index) => ({
        nodeId: index + 1,
        host: '127.0.0.1',
        port,
        rack: `r${index}`,
      })),
      clusterId: 'c',
      controllerId: 1,
      topics: [
        {
          errorCode: 0,
          name: 't',
          isInternal: false,
          partitions: [
            {
              errorCode: 0,
              partitionIndex: 0,
              leaderId: this.leader,
              leaderEpoch: this.metadataEpoch ?? this.leaderEpoch,
              replicaNodes: ids,
              isrNodes: ids,
              offlineReplicas: [],
            },
          ],
        },
      ],
    };
  }

  #judge(node: number, epoch: number, followerMay: boolean): WireError | undefined {
    if (epoch >= 0 && epoch < this.leaderEpoch) return 'FENCED_LEADER_EPOCH';
    if (epoch > this.leaderEpoch) return 'UNKNOWN_LEADER_EPOCH';
    return node === this.leader || followerMay ? undefined : 'NOT_LEADER_OR_FOLLOWER';
  }

  #endOf(node: number, epoch: number): { leaderEpoch: number; endOffset: number } {
    const log = this.logs[node - 1]!;
    if (epoch === this.leaderEpoch && node === this.leader) return { leaderEpoch: epoch, endOffset: log.length };
    if (!log.some((held) => held.epoch >= epoch)) {
      const last = log.at(-1)?.epoch ?? -1;
      return last < epoch && this.leaderEpoch < epoch
        ? { leaderEpoch: -1, endOffset: -1 }
        : { leaderEpoch: last, endOffset: log.length };
    }
    const above = log.findIndex((held) => held.epoch > epoch);
    const end = above < 0 ? log.length : above;
    return { leaderEpoch: log[end - 1]?.epoch ?? epoch, endOffset: end };
  }

  #epochEnds(node: number, body: Record<string, unknown>): object {
    this.epochQuestions++;
    const [topic] = body.topics as { partitions: { currentLeaderEpoch: number; leaderEpoch: number }[] }[];
    const { currentLeaderEpoch, leaderEpoch } = topic!.partitions[0]!;
    const error = this.#judge(node, currentLeaderEpoch, false);
    const end = error ? { leaderEpoch: -1, endOffset: -1 } : this.#endOf(node, leaderEpoch);
    return { topics: [{ topic: 't', partitions: [{ errorCode: code(error), partition: 0, ...end }] }] };
  }

  #offsets(node: number, body: Record<string, unknown>): object {
    const [topic] = body.topics as { partitions: { timestamp: number; currentLeaderEpoch: number }[] }[];
    const { timestamp, currentLeaderEpoch } = topic!.partitions[0]!;
    const error = this.#judge(node, currentLeaderEpoch, false);
    const log = this.logs[node - 1]!;
    const offset = timestamp === -2 ? 0 : log.length;
    const leaderEpoch = timestamp === -2 ? (log[0]?.epoch ?? this.leaderEpoch) : this.leaderEpoch;
    const answer = { partitionIndex: 0, errorCode: code(error), timestamp: -1, offset, leaderEpoch };
    return { topics: [{ name: 't', partitions: [answer] }] };
  }

  #fetch(node: number, body: Record<string, unknown>): Reply {
    const wish = (body.topics as { partitions: FetchWish[] }[])[0]?.partitions[0];
    if (!wish) return { errorCode: 0, sessionId: 0, responses: [] };
    this.fetches.push(`${node}:${wish.fetchOffset}`);
    this.racks.push(String(body.rackId));
    const follower = this.nearest === node;
    const log = this.logs[node - 1]!;
    const answer = (fields: object) => ({
      errorCode: 0,
      sessionId: 0,
      responses: [
        {
          topic: 't',
          partitions: [
            {
              partitionIndex: 0,
              errorCode: 0,
              highWatermark: log.length,
              lastStableOffset: log.length,
              logStartOffset: 0,
              abortedTransactions: null,
              records: null,
              ...fields,
            },
          ],
        },
      ],
    });
    const error =
      this.refusal?.node === node ? this.refusal.error : this.#judge(node, wish.currentLeaderEpoch, follower);
    if (error) return answer({ errorCode: code(error), highWatermark: -1 });
    if (wish.lastFetchedEpoch >= 0) {
      const { leaderEpoch: epoch, endOffset } = this.#endOf(node, wish.lastFetchedEpoch);
      if (epoch < wish.lastFetchedEpoch || endOffset < wish.fetchOffset) {
        return answer({ divergingEpoch: { epoch, endOffset } });
      }
    }
    if (wish.fetchOffset > log.length) return answer({ errorCode: code('OFFSET_OUT_OF_RANGE') });
    if (node === this.leader && this.nearest !== undefined && this.nearest !== node && body.rackId !== '') {
      return answer({ preferredReadReplica: this.nearest });
    }
    const records = log.slice(wish.fetchOffset, wish.fetchOffset + 10).map((held, index) =>
      writeBatch({
        baseOffset: wish.fetchOffset + index,
        leaderEpoch: held.epoch,
        records: [{ key: null, value: Buffer.from(held.value), timestamp: 1 }],
      }),
    );
    return answer({ records: Buffer.concat(records) });
  }
}

function code(error: WireError | undefined): number {
  return error === undefined ? 0 : WIRE_ERRORS[error].code;
}
