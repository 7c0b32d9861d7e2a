// The ZooKeeper engine, held to the contract of engines, over a real ZooKeeper.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodePorts } from '@moldau/kernel/node/ports';
import { afterAll, beforeAll } from 'vitest';
import { ZooKeeperEngine } from '../../src/engines/zookeeper.ts';
import { engineContract } from '../engine-contract.ts';
import { type Ensemble, startEnsemble } from './zookeeper-process.ts';

let ensemble: Ensemble;
let clusters = 0;
beforeAll(async () => {
  ensemble = await startEnsemble();
});
afterAll(() => ensemble?.stop());

engineContract('ZooKeeper', async () => {
  const root = mkdtempSync(join(tmpdir(), 'moldau-contract-'));
  const connect = `${ensemble.connect}/clusters/c${++clusters}`;
  const engines: ZooKeeperEngine[] = [];
  return {
    open: async (brokerId) => {
      const directory = join(root, String(brokerId));
      const engine = await ZooKeeperEngine.open({ ports: nodePorts, connect, sessionTimeoutMs: 1_000, directory });
      engines.push(engine);
      return engine;
    },
    crash: async (engine) => (engine as ZooKeeperEngine).abandon(),
    stop: async () => {
      for (const engine of engines) await engine.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
});
