// Rows about the process: how soon it serves, what memory it holds, and how it carries ten thousand partitions. Each
// starts brokers of its own.
import type { Peer } from '@moldau/conformance/peer/broker-process';
import { encodeBatch } from '../load/batch.ts';
import { ask } from '../load/connection.ts';
import { rounded } from '../load/produce.ts';
import { runLoad } from '../load/run.ts';
import { createTopics, whenServed } from '../load/topics.ts';
import { produceAnswer, produceRequest } from '../load/wire.ts';
import { openDescriptors, processorSeconds, residentBytes } from '../process/usage.ts';
import type { Figure, Row, RowContext } from './row.ts';

const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
const mebibytes = (bytes: number): number => rounded(bytes / 1024 / 1024);

/** Tries to produce one record every few milliseconds; resolves when one was taken. */
async function firstProduce(peer: Peer, topic: string): Promise<void> {
  const batch = encodeBatch({ records: 1, recordBytes: 100, now: Date.now() }).bytes;
  const frame = produceRequest(topic, [0], batch, -1);
  for (;;) {
    const answer = await ask(peer.host, peer.port, frame).catch(() => undefined);
    if (answer && produceAnswer(answer, topic).errorCode === 0) return;
    await sleep(2);
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

const start: Row = {
  key: 'start',
  title: 'start to first successful produce',
  group: 'Process',
  async measure({ side, quick }) {
    const peer = await side.start();
    try {
      await createTopics(peer.host, peer.port, [{ name: 'first', partitions: 1 }]);
      await firstProduce(peer, 'first');
      const runs: number[] = [];
      for (let i = 0; i < (quick ? 1 : 3); i++) {
        await peer.stop();
        runs.push(
          await timed(async () => {
            await peer.start({ wait: false });
            await firstProduce(peer, 'first');
          }),
        );
      }
      const median = runs.toSorted((a, b) => a - b)[Math.floor(runs.length / 2)] ?? 0;
      return [
        { name: 'time', unit: 'ms', value: Math.round(median), better: 'lower', aim: { of: 'value', bound: 300 } },
      ];
    } finally {
      await peer.close();
    }
  },
};

const memory: Row = {
  key: 'memory',
  title: 'resident, idle and after 1 GiB of 1 KiB records',
  group: 'Process',
  async measure({ side, quick }) {
    const peer = await side.start();
    try {
      await createTopics(peer.host, peer.port, [{ name: 'filled', partitions: 4 }]);
      await sleep(quick ? 2_000 : 5_000);
      const idle = residentBytes(peer.pid);
      const before = processorSeconds(peer.pid);
      await sleep(quick ? 2_000 : 5_000);
      const idleShare = (processorSeconds(peer.pid) - before) / (quick ? 2 : 5);
      await runLoad('produce', {
        bootstrap: peer.bootstrap,
        topic: 'filled',
        partitions: 4,
        'record-bytes': 1024,
        warmup: 0,
        seconds: 120,
        'max-bytes': 1024 * 1024 * 1024,
      });
      const loaded = residentBytes(peer.pid);
      return [
        { name: 'idle', unit: 'MiB', value: mebibytes(idle), better: 'lower', aim: { of: 'value', bound: 100 } },
        {
          name: 'after load',
          unit: 'MiB',
          value: mebibytes(loaded),
          better: 'lower',
          aim: { of: 'value', bound: 300 },
        },
        { name: 'idle processor', unit: '% of a core', value: rounded(idleShare * 100, 2), better: 'lower' },
      ];
    } finally {
      await peer.close();
    }
  },
};

/** Partitions in topics of a hundred, each with one batch in it. */
async function fill(
  peer: Peer,
  count: number,
  say: RowContext['say'],
): Promise<{ topics: string[]; createMs: number }> {
  const topics = Array.from({ length: count / 100 }, (_, i) => `wide-${i}`);
  const createMs = await timed(async () => {
    for (const name of topics) {
      const made = [{ name, partitions: 100 }];
      await createTopics(peer.host, peer.port, made);
    }
  });
  say(`${count} partitions created, filling`);
  const all = Array.from({ length: 100 }, (_, partition) => partition);
  const batch = encodeBatch({ records: 10, recordBytes: 100, now: Date.now() }).bytes;
  for (const topic of topics) {
    const answer = await ask(peer.host, peer.port, produceRequest(topic, all, batch, -1));
    const { errorCode } = produceAnswer(answer, topic);
    if (errorCode !== 0) throw new Error(`filling ${topic}: error ${errorCode}`);
  }
  return { topics, createMs };
}

const partitions: Row = {
  key: 'partitions',
  title: '10,000 partitions: restart',
  group: 'Process',
  async measure({ side, quick, say }) {
    const count = quick ? 1_000 : 10_000;
    const peer = await side.start();
    try {
      const { topics, createMs } = await fill(peer, count, say);
      const wide = topics.map((name) => ({ name, partitions: 100 }));
      const restart = (): Promise<number> =>
        timed(async () => {
          await peer.start({ wait: false });
          await firstProduce(peer, topics[0] as string);
          await whenServed(peer.host, peer.port, wide, 180_000);
        });
      say('stopping');
      const stopMs = await timed(() => peer.stop());
      say('restart after a clean stop');
      const cleanMs = await restart();
      await sleep(quick ? 1_000 : 3_000);
      const before = processorSeconds(peer.pid);
      const idleSeconds = quick ? 2 : 5;
      await sleep(idleSeconds * 1000);
      const idleShare = (processorSeconds(peer.pid) - before) / idleSeconds;
      const resident = residentBytes(peer.pid);
      const descriptors = openDescriptors(peer.pid);
      say('restart after kill -9');
      await peer.kill();
      const killedMs = await restart();
      const seconds = (milliseconds: number): number => rounded(milliseconds / 1000, 3);
      const figures: Figure[] = [
        { name: 'clean', unit: 's', value: seconds(cleanMs), better: 'lower', aim: { of: 'value', bound: 5 } },
        {
          name: 'after kill -9',
          unit: 's',
          value: seconds(killedMs),
          better: 'lower',
          aim: { of: 'value', bound: 10 },
        },
        { name: 'create', unit: 's', value: seconds(createMs), better: 'lower' },
        { name: 'stop', unit: 's', value: seconds(stopMs), better: 'lower' },
        { name: 'idle processor', unit: '% of a core', value: rounded(idleShare * 100, 2), better: 'lower' },
        { name: 'resident', unit: 'MiB', value: mebibytes(resident), better: 'lower' },
        { name: 'descriptors', unit: '', value: descriptors, better: 'lower' },
      ];
      return figures;
    } finally {
      await peer.close();
    }
  },
};

export const processRows: readonly Row[] = [start, memory, partitions];
