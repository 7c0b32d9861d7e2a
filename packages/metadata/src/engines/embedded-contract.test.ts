// The embedded store, held to the contract of engines.
import type { Timers } from '@moldau/kernel';
import { engineContract } from '../../test/engine-contract.ts';
import { FaultyDisk } from '../../test/faulty-disk.ts';
import { EmbeddedStore } from './embedded.ts';

const timers: Timers = { set: () => ({}), clear: () => {}, afterTurn: (run) => queueMicrotask(run) };

engineContract('embedded', async () => {
  const store = await EmbeddedStore.open({ ports: { disk: new FaultyDisk(), timers }, directory: '/data/store' });
  const members: ReturnType<EmbeddedStore['member']>[] = [];
  return {
    open: async () => {
      const member = store.member();
      members.push(member);
      return member;
    },
    // One process: nobody dies in it without the others.
    crash: (engine) => engine.close(),
    stop: async () => {
      for (const member of members) await member.close();
      await store.close();
    },
  };
});
