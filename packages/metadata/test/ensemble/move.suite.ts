// A cluster moves from the embedded store into ZooKeeper: everything is there afterwards, epochs go on upwards, and
// neither a store in use nor an occupied ZooKeeper is touched.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodePorts } from '@moldau/kernel/node/ports';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EmbeddedStore } from '../../src/engines/embedded.ts';
import { brokersInZooKeeper } from '../../src/engines/zookeeper/brokers.ts';
import { parseConnectString } from '../../src/engines/zookeeper/client/connect-string.ts';
import { moveToZooKeeper } from '../../src/engines/zookeeper/move-from-embedded.ts';
import { ZooKeeperEngine } from '../../src/engines/zookeeper.ts';
import { registration, topic } from '../engine-contract.ts';
import { contentOf } from '../record-arbitrary.ts';
import { type Ensemble, startEnsemble } from './zookeeper-process.ts';

let ensemble: Ensemble;
const root = mkdtempSync(join(tmpdir(), 'moldau-move-'));
beforeAll(async () => {
  ensemble = await startEnsemble();
});
afterAll(async () => {
  await ensemble?.stop();
  rmSync(root, { recursive: true, force: true });
});

test('a cluster moves', async () => {
  const directory = join(root, 'store');
  const connect = `${ensemble.connect}/a/b`;
  const move = (to = connect) =>
    moveToZooKeeper({
      zooKeeper: { ports: nodePorts, connect: parseConnectString(to), sessionTimeoutMs: 3_000 },
      connect: to,
      setAcl: false,
      disk: nodePorts.disk,
      directory,
      timeoutMs: 5_000,
    });
  await expect(move()).rejects.toThrow('does not exist');
  const store = await EmbeddedStore.open({ ports: nodePorts, directory });
  const member = store.member({ closesStore: true });
  await member.form('cluster-1');
  const { epoch } = await member.elect(1);
  for (let i = 0; i < 700; i++) void member.append(epoch, member.pending.offset, [topic(`t${i}`)]);
  await member.append(epoch, member.pending.offset, [topic('last')]);
  const { brokerEpoch } = await member.register(registration(1));
  const { endpoints, incarnationId, rack } = registration(1);
  await member.append(epoch, member.pending.offset, [
    { kind: 'brokerRegistered', brokerId: 1, brokerEpoch, endpoints, incarnationId, rack },
  ]);
  const { image } = member;
  await expect(move()).rejects.toMatchObject({ code: 'LOCKED' });
  await member.close();

  expect(await move()).toEqual({ clusterId: 'cluster-1', offset: image.offset, topics: 701, partitions: 0 });
  await expect(move()).rejects.toThrow('moved already');
  expect(readdirSync(directory).filter((name) => /\.(log|snapshot)$/.test(name))).toEqual([]);

  const engine = await ZooKeeperEngine.open({ ports: nodePorts, connect, sessionTimeoutMs: 3_000, directory });
  expect([engine.fresh, engine.image.clusterId]).toEqual([false, 'cluster-1']);
  // An empty batch stands behind the snapshot, so that the log is never empty.
  expect(contentOf(engine.image)).toEqual({ ...contentOf(image), offset: image.offset + 1 });
  expect((await engine.elect(1)).epoch).toBeGreaterThan(epoch);
  expect((await engine.register(registration(1))).brokerEpoch).toBeGreaterThan(brokerEpoch);
  expect(await brokersInZooKeeper(nodePorts, connect, 5_000)).toMatchObject([{ brokerId: 1, endpoints }]);
  await engine.close();
  expect(await brokersInZooKeeper(nodePorts, ensemble.connect, 5_000)).toEqual([]);
});

test('a ZooKeeper that holds a cluster is left alone', async () => {
  const connect = `${ensemble.connect}/occupied`;
  const there = await ZooKeeperEngine.open({ ports: nodePorts, connect, directory: join(root, 'there') });
  await there.form('other');
  const directory = join(root, 'store-2');
  const member = (await EmbeddedStore.open({ ports: nodePorts, directory })).member({ closesStore: true });
  await member.form('mine');
  await member.elect(1);
  await member.close();
  const files = readdirSync(directory).sort();
  const moving = moveToZooKeeper({
    zooKeeper: { ports: nodePorts, connect: parseConnectString(connect) },
    connect,
    setAcl: false,
    disk: nodePorts.disk,
    directory,
    timeoutMs: 5_000,
  });
  await expect(moving).rejects.toThrow('holds a cluster already');
  expect(readdirSync(directory).sort()).toEqual(files);
  await there.close();
});
