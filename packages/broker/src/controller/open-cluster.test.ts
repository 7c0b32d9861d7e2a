// The settings of the embedded store reach it.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodePorts } from '@moldau/kernel/node/ports';
import { expect, test } from 'vitest';
import { EventLog } from '../events.ts';
import { configOf, topicIdOf } from '../test/cluster-picture.ts';
import { METADATA_DIRECTORY, openEngine } from './open-cluster.ts';

test.each([
  ['the first of log.dirs', { 'log.dirs': 'A,B' }, 'A', []],
  ['metadata.log.dir', { 'log.dirs': 'A', 'metadata.log.dir': 'B' }, 'B', []],
  [
    'metadata.log.max.record.bytes.between.snapshots',
    { 'log.dirs': 'A', 'metadata.log.max.record.bytes.between.snapshots': '1' },
    'A',
    ['controller.storeSnapshotTaken'],
  ],
])('%s', async (_, settings: Readonly<Record<string, string>>, place, expected) => {
  const directory = await mkdtemp(join(tmpdir(), 'moldau-embedded-settings-'));
  try {
    const at = (text: string) => text.replace(/\b[AB]\b/g, (letter) => join(directory, letter));
    const config = configOf(Object.fromEntries(Object.entries(settings).map(([name, text]) => [name, at(text)])));
    const told: string[] = [];
    const events = new EventLog({ write: (_level, name) => told.push(name) }, 'debug');
    const engine = await openEngine({ ports: nodePorts, config, events, onFailed: () => {} });
    await engine.form('cluster');
    const { epoch } = await engine.elect(1);
    const created = { kind: 'topicCreated', name: 't', topicId: topicIdOf('t') } as const;
    await engine.append(epoch, engine.pending.offset, [created]);
    await engine.close();
    expect(await readdir(join(directory, place, METADATA_DIRECTORY))).not.toEqual([]);
    expect(new Set(told)).toEqual(new Set(expected));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
