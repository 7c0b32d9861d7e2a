// The way into a cluster: bootstrap, starting again from it, names with several addresses, pauses, throttling. Brokers are
// scripted, on real sockets; names, randomness and time are the test's where it matters.
import type { Ports } from '@moldau/kernel';
import { nodePorts } from '@moldau/kernel/node/ports';
import { afterEach, expect, test } from 'vitest';
import { PLAIN_VERSIONS, type Reply, ScriptedBroker } from '../../test/scripted-broker.ts';
import type { KafkaError } from '../errors.ts';
import { ADMIN_SETTINGS } from '../settings/admin-settings.ts';
import { resolveSettings } from '../settings/setting.ts';
import { Cluster, type Interest } from './cluster.ts';
import { ClusterMetadata } from './metadata.ts';

const stops: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

const VERSIONS = {
  errorCode: 0,
  apiKeys: PLAIN_VERSIONS.apiKeys.map((api) => (api.apiKey === 3 ? { ...api, maxVersion: 13 } : api)),
};

type Node = { readonly nodeId: number; readonly port: number };
const metadataOf = (...nodes: Node[]) => ({
  brokers: nodes.map(({ nodeId, port }) => ({ nodeId, host: '127.0.0.1', port, rack: null })),
  controllerId: nodes[0]?.nodeId ?? -1,
  clusterId: 'test',
  topics: [],
});

async function broker(reply: (api: string, count: number, self: number) => Reply | undefined = () => undefined) {
  let count = 0;
  const started: ScriptedBroker = await ScriptedBroker.start(({ api }) => {
    if (api === 'ApiVersions') return VERSIONS;
    return reply(api, ++count, started.port) ?? metadataOf({ nodeId: 1, port: started.port });
  });
  stops.push(() => started.stop());
  return started;
}

function cluster(
  servers: string,
  options: object = {},
  ports: Ports = nodePorts,
  interest: Interest = { kind: 'all' },
): Cluster {
  const settings = resolveSettings(ADMIN_SETTINGS, { bootstrapServers: servers, clientId: 'test', ...options });
  const made = new Cluster({ ports, settings, interest: () => interest });
  stops.push(() => made.close());
  return made;
}

const failing = (promise: Promise<unknown>) =>
  promise.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => error as KafkaError,
  );
const metadataAsked = (one: ScriptedBroker) => one.asked.filter(({ api }) => api === 'Metadata').length;

test('of several addresses of a name each is tried in turn', async () => {
  const alive = await broker();
  const resolved: string[] = [];
  const network = {
    ...nodePorts.network,
    resolve: async (host: string) => {
      resolved.push(host);
      return host === 'kafka.test' ? ['127.0.0.2', '127.0.0.1'] : [host];
    },
  };
  // The scripted broker listens on 127.0.0.1 alone, so the first address refuses.
  const client = cluster(`kafka.test:${alive.port}`, {}, { ...nodePorts, network });
  await client.refresh();
  expect(resolved[0]).toBe('kafka.test');
  expect([...client.metadata.brokers.keys()]).toEqual([1]);
});

test('client.dns.lookup resolve_canonical_bootstrap_servers_only connects to the full names', async () => {
  const alive = await broker();
  const asked: string[] = [];
  const network = {
    ...nodePorts.network,
    resolve: async (host: string) => {
      asked.push(host);
      return ['127.0.0.1'];
    },
    canonicalName: async (address: string) => `full-name-of-${address}.test`,
  };
  const client = cluster(
    `alias.test:${alive.port}`,
    { clientDnsLookup: 'resolve_canonical_bootstrap_servers_only' },
    { ...nodePorts, network },
  );
  await client.refresh();
  expect(asked.slice(0, 2)).toEqual(['alias.test', 'full-name-of-127.0.0.1.test']);
});

test('platformatic#232: when every known broker is gone the client starts again from its bootstrap servers (KIP-899)', async () => {
  const gone = await broker();
  const seed = await broker((_, count, self) =>
    metadataOf(count === 1 ? { nodeId: 7, port: gone.port } : { nodeId: 8, port: self }),
  );
  const client = cluster(`127.0.0.1:${seed.port}`, { connectionsMaxIdleMs: 100, reconnectBackoffMs: 1 });
  await client.refresh();
  expect([...client.metadata.brokers.keys()]).toEqual([7]);
  await gone.stop();
  const seeds = metadataAsked(seed);
  await expect.poll(() => client.refresh().then(() => [...client.metadata.brokers.keys()])).toEqual([8]);
  expect(metadataAsked(seed)).toBeGreaterThan(seeds);
});

test('metadata.recovery.strategy none keeps to the brokers it knows', async () => {
  const gone = await broker();
  const seed = await broker(() => metadataOf({ nodeId: 7, port: gone.port }));
  const client = cluster(`127.0.0.1:${seed.port}`, { metadataRecoveryStrategy: 'none', connectionsMaxIdleMs: 50 });
  await client.refresh();
  await gone.stop();
  // The bootstrap connection has gone idle by then.
  await new Promise((resolve) => setTimeout(resolve, 120));
  const error = await failing(client.refresh());
  expect([error.error, error.retriable]).toEqual(['NETWORK_EXCEPTION', true]);
  expect(metadataAsked(seed)).toBe(1);
});

test('a broker that says REBOOTSTRAP_REQUIRED is believed (KIP-1102)', async () => {
  let stale: ScriptedBroker | undefined;
  const seed = await broker((_, count, self) =>
    metadataOf(count === 1 ? { nodeId: 7, port: stale!.port } : { nodeId: 8, port: self }),
  );
  stale = await broker(() => ({ ...metadataOf(), errorCode: 129 }));
  const client = cluster(`127.0.0.1:${seed.port}`);
  await client.refresh();
  await client.connection(7);
  await client.refresh();
  expect([...client.metadata.brokers.keys()]).toEqual([8]);
  const loop = await broker(() => ({ ...metadataOf(), errorCode: 129 }));
  expect((await failing(cluster(`127.0.0.1:${loop.port}`).refresh())).error).toBe('REBOOTSTRAP_REQUIRED');
  expect(metadataAsked(loop)).toBe(2);
});

test('metadata that is wanted and does not come makes the client start again (rebootstrap trigger)', async () => {
  let skippedMs = 0;
  const clock = { now: nodePorts.clock.now, monotonic: () => nodePorts.clock.monotonic() + skippedMs };
  let bad: ScriptedBroker | undefined;
  const seed = await broker((_, count, self) =>
    metadataOf(count === 1 ? { nodeId: 7, port: bad!.port } : { nodeId: 8, port: self }),
  );
  // It connects, and answers every question with an error.
  bad = await broker(() => ({ ...metadataOf(), errorCode: -1 }));
  const client = cluster(
    `127.0.0.1:${seed.port}`,
    { metadataRecoveryRebootstrapTriggerMs: 5000 },
    { ...nodePorts, clock },
  );
  await client.refresh();
  await client.connection(7);
  await failing(client.refresh());
  await failing(client.refresh());
  expect(metadataAsked(seed)).toBe(1);
  skippedMs = 5001;
  await client.refresh();
  expect([...client.metadata.brokers.keys()]).toEqual([8]);
});

test('setting up a connection may take longer after each failure, up to the most', async () => {
  const given: number[] = [];
  const network = {
    ...nodePorts.network,
    resolve: async () => ['127.0.0.1'],
    connect: ({ timeoutMs }: { timeoutMs: number }) => {
      given.push(timeoutMs);
      return Promise.reject(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }));
    },
  };
  const random = { bytes: nodePorts.random.bytes, float: () => 0.5 };
  const client = cluster(
    'a.test:1',
    { socketConnectionSetupTimeoutMs: 100, socketConnectionSetupTimeoutMaxMs: 350 },
    { ...nodePorts, network, random },
  );
  for (let i = 0; i < 5; i++) await failing(client.refresh());
  expect(given).toEqual([100, 200, 350, 350, 350]);
});

test('attempts to connect to a broker that is gone keep their pauses, and jitter', async () => {
  const seed = await broker((_, __, self) => metadataOf({ nodeId: 1, port: self }, { nodeId: 2, port: 1 }));
  const client = cluster(`127.0.0.1:${seed.port}`, { reconnectBackoffMs: 40, reconnectBackoffMaxMs: 100 });
  await client.refresh();
  let tries = 0;
  const startedAt = nodePorts.clock.monotonic();
  while (nodePorts.clock.monotonic() - startedAt < 500) {
    await failing(client.connection(2));
    tries++;
  }
  // Without pauses there would be thousands.
  expect(tries).toBeLessThan(20);
});

test('a broker that throttles gets no request for so long (KIP-219)', async () => {
  const slow = await broker((_, count, self) => ({
    ...metadataOf({ nodeId: 1, port: self }),
    throttleTimeMs: count === 2 ? 60_000 : 0,
  }));
  const waits: number[] = [];
  const timers = {
    ...nodePorts.timers,
    set: (delayMs: number, run: () => void) => {
      const throttled = delayMs > 40_000 && delayMs <= 60_000;
      if (throttled) waits.push(delayMs);
      return nodePorts.timers.set(throttled ? 1 : delayMs, run);
    },
  };
  const client = cluster(`127.0.0.1:${slow.port}`, { metadataMaxAgeMs: 900_000 }, { ...nodePorts, timers });
  await client.refresh();
  await client.send(1, 'Metadata', { topics: [] });
  await client.send(1, 'Metadata', { topics: [] });
  expect(waits).toHaveLength(1);
});

test('clients that start together do not refresh together, and none later than metadata.max.age.ms', async () => {
  const one = await broker();
  const delays: number[] = [];
  const timers = {
    ...nodePorts.timers,
    set: (delayMs: number, run: () => void) => {
      if (delayMs > 400_000) delays.push(delayMs);
      return nodePorts.timers.set(delayMs, run);
    },
  };
  for (const float of [0, 0.25, 0.5, 0.999]) {
    const random = { bytes: nodePorts.random.bytes, float: () => float };
    const options = { metadataMaxAgeMs: 600_000, connectionsMaxIdleMs: -1 };
    await cluster(`127.0.0.1:${one.port}`, options, { ...nodePorts, timers, random }).refresh();
  }
  expect(delays.map((delay) => Math.round(delay / 1000))).toEqual([480, 510, 540, 600]);
});

test('a leader that an answer names is gone to, also when its broker is new (KIP-951)', () => {
  const metadata = new ClusterMetadata();
  const partition = {
    ...{ errorCode: 0, partitionIndex: 0, leaderId: 1, leaderEpoch: 4, replicaNodes: [1, 2], isrNodes: [1, 2] },
    offlineReplicas: [],
  };
  const topic = {
    errorCode: 0,
    name: 't',
    topicId: 'a',
    isInternal: false,
    partitions: [partition],
    topicAuthorizedOperations: 0,
  };
  const answer = {
    ...metadataOf({ nodeId: 1, port: 1 }),
    topics: [topic],
    errorCode: 0,
    throttleTimeMs: 0,
    clusterAuthorizedOperations: 0,
  };
  metadata.apply(answer, 0, true);
  expect(metadata.learnLeader('t', 0, 2, 5)).toBe(false);
  metadata.learnBrokers([{ nodeId: 2, host: 'b', port: 2, rack: null }]);
  expect(metadata.learnLeader('t', 0, 2, 4)).toBe(false);
  expect(metadata.learnLeader('t', 0, 2, 5)).toBe(true);
  expect([metadata.leaderOf('t', 0), metadata.brokers.get(2)?.host]).toEqual([2, 'b']);
  // An older picture does not take it back.
  metadata.apply(answer, 1, true);
  expect(metadata.leaderOf('t', 0)).toBe(2);
});

test('a closed cluster leaves nothing behind, and whoever waits is told', async () => {
  const silent = await broker(() => 'silence');
  const client = cluster(`127.0.0.1:${silent.port}`);
  const waiting = failing(client.refresh());
  await expect.poll(() => metadataAsked(silent)).toBe(1);
  await client.close();
  expect((await waiting).error).toBe('CLIENT_CLOSED');
  expect((await failing(client.connection(1))).error).toBe('CLIENT_CLOSED');
});
