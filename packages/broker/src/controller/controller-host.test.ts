import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RECORDS_LOST } from '@moldau/metadata';
import { afterEach, describe, expect, test } from 'vitest';
import { TestCluster } from '../test/test-cluster.ts';
import { produceTo } from '../test/topic-client.ts';

let cluster: TestCluster | undefined;
afterEach(async () => {
  await cluster?.stop();
  cluster = undefined;
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('a cluster in one process', () => {
  test('one cluster id, one controller, and every broker knows of all', async () => {
    cluster = await TestCluster.start(3);
    const ids = new Set([1, 2, 3].map((id) => cluster!.broker(id).broker.clusterId));
    expect(ids.size).toBe(1);
    expect(cluster.image.controllerId).toBe(1);
    expect(cluster.image.liveBrokers().map(({ brokerId }) => brokerId)).toEqual([1, 2, 3]);
  });

  test('the controller goes: another is elected under a higher epoch, and fences who went', async () => {
    cluster = await TestCluster.start(3);
    const { epoch } = cluster.image;
    await cluster.broker(1).close();
    await until(() => cluster!.image.broker(1)?.fenced === true);
    expect(cluster.image.controllerId).toBe(2);
    expect(cluster.image.epoch).toBeGreaterThan(epoch);
    const before = cluster.image.broker(1)!.brokerEpoch;
    await cluster.broker(1).open();
    expect(cluster.image.broker(1)).toMatchObject({ fenced: false, previousBrokerEpoch: before });
    expect(cluster.image.broker(1)!.brokerEpoch).toBeGreaterThan(before);
  });

  test('a broker whose disk lost what it had confirmed says so when it registers, and copies again', async () => {
    const settings = { 'log.durability': 'fsync', 'replica.high.watermark.checkpoint.interval.ms': '20' };
    cluster = await TestCluster.start(3, settings);
    const client = await cluster.broker(1).connect();
    const topics = [{ name: 't', numPartitions: 1, replicationFactor: 3, assignments: [], configs: [] }];
    await client.call('CreateTopics', 7, { topics, timeoutMs: 5_000, validateOnly: false });
    const { leader, replicas } = cluster.image.partition('t', 0)!;
    const victim = replicas.find((id) => id !== leader)!;
    const toLeader = await cluster.broker(leader).connect();
    for (const value of ['a', 'b', 'c']) {
      expect((await produceTo(toLeader, [value], { topic: 't' })).errorCode).toBe(0);
    }
    const folder = join(cluster.broker(victim).directory, 'logs');
    // The watermark is on the disk; the recovery point is a minute older.
    const checkpoint = join(folder, 'replication-offset-checkpoint');
    await until(() => existsSync(checkpoint) && readFileSync(checkpoint, 'utf8').includes('\nt 0 3\n'));
    await cluster.crash(victim);
    const file = join(folder, 't-0', '00000000000000000000.log');
    const bytes = readFileSync(file);
    bytes[bytes.length / 2]! ^= 1;
    writeFileSync(file, bytes);
    await cluster.broker(victim).comeBack();
    expect(cluster.image.broker(victim)).toMatchObject({ previousBrokerEpoch: RECORDS_LOST });
    const told = cluster.broker(victim).events.filter(({ name }) => name === 'controller.recordsLost');
    expect(told).toMatchObject([{ fields: { partitions: 1, example: 't-0' } }]);
    await until(() => cluster!.image.partition('t', 0)!.isr.length === 3);
    expect(cluster.broker(victim).broker.context.partitions.get('t', 0)!.log.endOffset).toBe(3);
  });

  test('what was asked of a controller that was replaced is let go: it may be beyond reach', async () => {
    cluster = await TestCluster.start(3);
    const { peers } = cluster.broker(3).broker.context;
    const disconnect = peers.disconnect.bind(peers);
    const ended: string[] = [];
    peers.disconnect = (brokerId, purpose) => {
      ended.push(`${brokerId} ${purpose}`);
      disconnect(brokerId, purpose);
    };
    await cluster.store.expire(1, 'it is frozen');
    await until(() => cluster!.image.controllerId !== 1);
    await until(() => ended.length > 0);
    expect(ended[0]).toBe('1 controller');
  });

  test('the end of a controller that stops in order is no news to warn of', async () => {
    cluster = await TestCluster.start(3);
    // It answers nobody any more and has not resigned yet: the others find out for themselves.
    const { peers } = cluster.broker(2).broker.context;
    const connect = peers.connect.bind(peers);
    let refused = false;
    peers.connect = async (...about) => {
      try {
        return await connect(...about);
      } catch (error) {
        if (about[0] === 1 && about[1] === 'controller-watch') refused = true;
        throw error;
      }
    };
    cluster.broker(1).broker.context.groups.stop = () => until(() => refused);
    await cluster.broker(1).close();
    const names = [2, 3].flatMap((id) => cluster!.broker(id).eventNames());
    expect(names).not.toContain('controller.controllerGone');
  });

  test('a broker that was given up while it lives registers again, and so does one that the controller fenced', async () => {
    cluster = await TestCluster.start(2);
    const before = cluster.image.broker(2)!.brokerEpoch;
    await cluster.expire(2);
    await until(() => cluster!.image.broker(2)!.brokerEpoch > before && !cluster!.image.broker(2)!.fenced);
    expect(cluster.broker(2).eventNames()).toContain('controller.registrationLost');
  });
});

describe('the road to the controller', () => {
  test('a topic made through any broker is there on every broker when it is answered', async () => {
    cluster = await TestCluster.start(3);
    expect(cluster.image.controllerId).toBe(1);
    for (let id = 1; id <= 3; id++) {
      const client = await cluster.broker(id).connect();
      const topics = [{ name: `by-${id}`, numPartitions: 6, replicationFactor: 3, assignments: [], configs: [] }];
      const answer = await client.call('CreateTopics', 7, { topics, timeoutMs: 5_000, validateOnly: false });
      expect(answer.topics.map(({ errorCode }) => errorCode)).toEqual([0]);
      for (let other = 1; other <= 3; other++) {
        const { context } = cluster.broker(other).broker;
        expect(context.image().topic(`by-${id}`)?.partitions).toHaveLength(6);
      }
    }
  });

  test('settings, quotas and users set through any broker are on every broker when that is answered', async () => {
    cluster = await TestCluster.start(3);
    for (let id = 1; id <= 3; id++) {
      const client = await cluster.broker(id).connect();
      const configs = [{ name: 'message.max.bytes', configOperation: 0, value: `${1000 + id}` }];
      const resources = [{ resourceType: 4, resourceName: '', configs }];
      const altered = await client.call('IncrementalAlterConfigs', 1, { resources, validateOnly: false });
      expect(altered.responses[0]?.errorCode).toBe(0);
      const entity = [{ entityType: 'user', entityName: `u${id}` }];
      const ops = [{ key: 'producer_byte_rate', value: 1000 * id, remove: false }];
      const limited = await client.call('AlterClientQuotas', 1, { entries: [{ entity, ops }], validateOnly: false });
      expect(limited.entries[0]?.errorCode).toBe(0);
      const user = {
        name: `u${id}`,
        mechanism: 1,
        iterations: 4096,
        salt: Buffer.from('s'),
        saltedPassword: Buffer.from('p'),
      };
      const known = await client.call('AlterUserScramCredentials', 0, { deletions: [], upsertions: [user] });
      expect(known.results[0]?.errorCode).toBe(0);
      for (let other = 1; other <= 3; other++) {
        const asker = await cluster.broker(other).connect();
        const components = [{ entityType: 'user', matchType: 0, match: `u${id}` }];
        const quotas = await asker.call('DescribeClientQuotas', 1, { components, strict: true });
        expect(quotas.entries).toMatchObject([{ entity, values: [{ key: 'producer_byte_rate', value: 1000 * id }] }]);
        const users = await asker.call('DescribeUserScramCredentials', 0, { users: [{ name: `u${id}` }] });
        expect(users.results).toMatchObject([{ errorCode: 0, credentialInfos: [{ mechanism: 1, iterations: 4096 }] }]);
        const resources = [{ resourceType: 4, resourceName: '', configurationKeys: ['message.max.bytes'] }];
        const settings = await asker.call('DescribeConfigs', 4, { resources, includeSynonyms: false });
        expect(settings.results[0]?.configs[0]?.value).toBe(`${1000 + id}`);
      }
    }
  });

  test('without an authorizer ACLs are refused as Kafka refuses them', async () => {
    cluster = await TestCluster.start(2);
    const client = await cluster.broker(2).connect();
    const filter = {
      ...{ resourceTypeFilter: 1, resourceNameFilter: null, patternTypeFilter: 1, principalFilter: null },
      ...{ hostFilter: null, operation: 1, permissionType: 1 },
    };
    const described = await client.call('DescribeAcls', 3, filter);
    expect([described.errorCode, described.errorMessage]).toEqual([54, 'No Authorizer is configured on the broker']);
    const acl = { resourceType: 2, resourceName: 't', principal: 'User:a', host: '*', operation: 3, permissionType: 3 };
    expect((await client.call('CreateAcls', 3, { creations: [acl] })).results.map((one) => one.errorCode)).toEqual([
      54,
    ]);
    const removed = await client.call('DeleteAcls', 3, { filters: [filter] });
    expect(removed.filterResults.map((one) => one.errorCode)).toEqual([54]);
  });

  test('blocks of producer ids and in-sync sets come from the controller elsewhere', async () => {
    cluster = await TestCluster.start(2);
    const [first, second] = [cluster.broker(1).broker.context, cluster.broker(2).broker.context];
    expect(await second.controller.allocateProducerIds()).toEqual({ first: 0, count: 1000 });
    expect(await first.controller.allocateProducerIds()).toEqual({ first: 1000, count: 1000 });
    const wish = { topicId: 'AAAAAAAAAAAAAAAAAAAAAQ', partition: 0, leaderEpoch: 0, partitionEpoch: 0, newIsr: [] };
    const outcomes = await second.controller.alterPartitions([{ ...wish, leaderRecoveryState: 'recovered' }]);
    expect(outcomes.map(({ error }) => error)).toEqual(['UNKNOWN_TOPIC_ID']);
  });

  test('APIs of brokers among each other are served and not listed', async () => {
    cluster = await TestCluster.start(1);
    const client = await cluster.broker(1).connect();
    const { apiKeys } = await client.call('ApiVersions', 3, { clientSoftwareName: 't', clientSoftwareVersion: '1' });
    const keys = apiKeys.map(({ apiKey }) => apiKey);
    for (const key of [56, 58, 63, 67]) expect(keys).not.toContain(key);
    const stale = await client.call('BrokerHeartbeat', 1, {
      ...{ brokerId: 1, brokerEpoch: 12_345, currentMetadataOffset: 0, wantFence: false, wantShutDown: true },
    });
    expect(stale.errorCode).toBe(77);
  });

  test('a broker that stops in order hands its leaderships over first', async () => {
    cluster = await TestCluster.start(3);
    const client = await cluster.broker(1).connect();
    const topics = [{ name: 't', numPartitions: 6, replicationFactor: 3, assignments: [], configs: [] }];
    await client.call('CreateTopics', 7, { topics, timeoutMs: 5_000, validateOnly: false });
    await cluster.broker(3).close();
    for (const { leader, isr } of cluster.image.topic('t')!.partitions) {
      expect(leader).not.toBe(3);
      expect(isr).not.toContain(3);
    }
    expect(cluster.broker(3).eventNames()).not.toContain('broker.stopStepFailed');
  });
});

test('a broker that cannot ask to be let go stops all the same, and says why', async () => {
  const settings = { 'controlled.shutdown.max.retries': '2', 'controlled.shutdown.retry.backoff.ms': '5' };
  cluster = await TestCluster.start(2, settings);
  const { peers } = cluster.broker(2).broker.context;
  peers.connect = () => Promise.reject(new Error('cut off'));
  await cluster.broker(2).close();
  const told = cluster.broker(2).events.find(({ name }) => name === 'controller.controlledShutdownIncomplete');
  expect(told?.fields).toMatchObject({ attempts: 2, reason: expect.stringContaining('cut off') });
  expect(cluster.broker(2).eventNames().at(-1)).toBe('broker.stopped');
});

test('a broker that stops waits for its follower to be in sync, and hands over the moment it is', async () => {
  cluster = await TestCluster.start(3, { 'controlled.shutdown.retry.backoff.ms': '600000' });
  const client = await cluster.broker(1).connect();
  const assignments = [{ partitionIndex: 0, brokerIds: [2, 3] }];
  const topic = { name: 't', numPartitions: -1, replicationFactor: -1, assignments, configs: [] };
  await client.call('CreateTopics', 7, { topics: [topic], timeoutMs: 5_000, validateOnly: false });
  const state = () => cluster!.image.partition('t', 0)!;
  await cluster.crash(3);
  await until(() => state().isr.length === 1);
  // What leaders wish waits from here on.
  let release: () => void = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const controller = cluster.broker(1).broker.context.controller.local!;
  const decide = controller.alterPartitions.bind(controller);
  controller.alterPartitions = async (...wish) => {
    await released;
    return await decide(...wish);
  };
  await cluster.broker(3).comeBack();
  const stopping = cluster.broker(2).close();
  await until(() => cluster!.image.broker(2)!.shuttingDown);
  expect(state()).toMatchObject({ leader: 2, isr: [2] });
  release();
  await stopping;
  expect(state()).toMatchObject({ leader: 3, isr: [3] });
  const told = cluster.broker(2).events.find(({ name }) => name === 'controller.controlledShutdown');
  expect(told?.fields.attempts).toBeGreaterThanOrEqual(2);
});
