// Ten thousand partitions with three replicas each: made, idle, told of a change, without their controller, started again.
import { Admin } from '@moldau/client';
import type { ApacheCluster } from '@moldau/conformance/peer/apache-cluster';
import { rounded } from '../load/produce.ts';
import { processorSeconds, residentBytes } from '../process/usage.ts';
import { type Figure, freshTopic } from '../rows/row.ts';
import type { ClusterRow } from './rows.ts';
import { sleep, whenInSync } from './topics.ts';

const IN_A_TOPIC = 100;

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return Math.round(performance.now() - startedAt);
}

export const wide: ClusterRow = {
  key: 'partitions-10000',
  title: '10,000 partitions, three replicas each',
  group: 'Many partitions',
  async measure({ cluster, admin, quick, say }) {
    const topics = Array.from({ length: (quick ? 1_000 : 10_000) / IN_A_TOPIC }, (_, i) => `wide-${i}`);
    say(`creating ${topics.length * IN_A_TOPIC} partitions`);
    const create = await timed(async () => {
      for (const name of topics) {
        const topic = { name, numPartitions: IN_A_TOPIC, replicationFactor: 3 };
        const outcome = (await admin.createTopics([topic], { timeoutMs: 120_000 })).get(name);
        if (outcome instanceof Error) throw outcome;
      }
      await whenInSync(admin, topics, 300_000);
    });
    await sleep(quick ? 1_000 : 5_000);
    say('idle');
    const idleSeconds = quick ? 3 : 10;
    const before = cluster.brokers.map(({ pid }) => processorSeconds(pid));
    await sleep(idleSeconds * 1_000);
    const shares = cluster.brokers.map(({ pid }, i) => (processorSeconds(pid) - before[i]!) / idleSeconds);
    const resident = Math.max(...cluster.brokers.map(({ pid }) => residentBytes(pid))) / 1024 / 1024;
    say('a topic more, until all brokers know it');
    const changes: number[] = [];
    for (let i = 0; i < 5; i++) changes.push(await propagation(cluster, admin));
    say('controller killed');
    const failover = await controllerFailover(cluster, admin);
    await whenInSync(admin, topics, 300_000);
    say('all stopped, all started');
    await Promise.all(cluster.brokers.map((broker) => broker.stop()));
    const start = await timed(async () => {
      await Promise.all(cluster.brokers.map((broker) => broker.start({ wait: false })));
      await whenInSync(admin, topics, 300_000);
    });
    const figures: Figure[] = [
      { name: 'create', unit: 'ms', value: create, better: 'lower' },
      { name: 'start', unit: 'ms', value: start, better: 'lower', aim: { of: 'value', bound: 10_000 } },
      {
        name: 'idle processor',
        unit: '% of a core, busiest broker',
        value: rounded(Math.max(...shares) * 100, 2),
        better: 'lower',
        aim: { of: 'value', bound: 10 },
      },
      { name: 'resident', unit: 'MiB, largest broker', value: Math.round(resident), better: 'lower' },
      {
        name: 'change seen by all',
        unit: 'ms',
        value: Math.round(changes.toSorted((a, b) => a - b)[changes.length >> 1]!),
        better: 'lower',
        aim: { of: 'value', bound: 200 },
      },
      {
        name: 'controller failover',
        unit: 'ms',
        value: failover,
        better: 'lower',
        aim: { of: 'value', bound: 2_000 },
      },
    ];
    return figures;
  },
};

/** From the wish for a topic until the last broker names its leader. */
async function propagation(cluster: ApacheCluster, admin: Admin): Promise<number> {
  const name = freshTopic('change');
  const observers = cluster.brokers.map(({ bootstrap }) => new Admin({ bootstrapServers: bootstrap }));
  try {
    // Connected before, so that connecting is not in the figure; each asks its own broker.
    const ids = await Promise.all(observers.map((_, i) => nodeId(cluster, i, admin)));
    await Promise.all(observers.map((observer, i) => knows(observer, ids[i]!, name)));
    const startedAt = performance.now();
    const created = admin.createTopics([{ name, numPartitions: 1, replicationFactor: 3 }]);
    const seen = Promise.all(
      observers.map(async (observer, i) => {
        while (!(await knows(observer, ids[i]!, name))) await sleep(2);
      }),
    );
    await Promise.all([created, seen]);
    const took = performance.now() - startedAt;
    await admin.deleteTopics([name]);
    return took;
  } finally {
    await Promise.all(observers.map((observer) => observer.close()));
  }
}

async function nodeId(cluster: ApacheCluster, index: number, admin: Admin): Promise<number> {
  const { nodes } = await admin.describeCluster();
  return nodes.find(({ port }) => port === cluster.brokers[index]!.port)!.id;
}

async function knows(observer: Admin, node: number, name: string): Promise<boolean> {
  const answer = await observer.send(
    'Metadata',
    { topics: [{ name }], allowAutoTopicCreation: false },
    { node, version: 9 },
  );
  return answer.topics[0]?.errorCode === 0 && (answer.topics[0].partitions[0]?.leaderId ?? -1) >= 0;
}

/** From kill -9 of the controller until a topic can be created again; then it comes back. */
async function controllerFailover(cluster: ApacheCluster, admin: Admin): Promise<number> {
  const id = await controllerOf(admin);
  const { nodes } = await admin.describeCluster();
  const port = nodes.find((node) => node.id === id)?.port;
  const controller = cluster.brokers.find((broker) => broker.port === port);
  if (!controller) throw new Error(`controller ${id} is none of the brokers`);
  const others = cluster.brokers.filter((broker) => broker !== controller).map(({ bootstrap }) => bootstrap);
  const outside = new Admin({ bootstrapServers: others.join(), retryBackoffMs: 20, retryBackoffMaxMs: 50 });
  try {
    await outside.describeCluster();
    await controller.kill();
    const took = await timed(async () => {
      for (;;) {
        const name = freshTopic('failover');
        const topic = { name, numPartitions: 1, replicationFactor: 2 };
        const outcome = await outside.createTopics([topic], { timeoutMs: 2_000 }).then(
          (outcomes) => outcomes.get(name),
          (error: Error) => error,
        );
        if (!(outcome instanceof Error)) return;
        await sleep(10);
      }
    });
    await controller.start();
    return took;
  } finally {
    await outside.close();
  }
}

/** KRaft tells clients of any broker as the controller; who leads the quorum is asked for by itself. */
async function controllerOf(admin: Admin): Promise<number> {
  try {
    const answer = await admin.send('DescribeQuorum', {
      topics: [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] }],
    });
    return answer.topics[0]?.partitions[0]?.leaderId ?? -1;
  } catch {
    return (await admin.describeCluster()).controllerId;
  }
}
