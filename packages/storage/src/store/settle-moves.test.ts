// Every state that a move between directories can leave behind, and what the next start makes of it: by names, so that a
// person can read off what happened.
import { nodeRandom } from '@moldau/kernel/node/random';
import { describe, expect, test } from 'vitest';
import type { StorageEvent } from '../storage-event.ts';
import { FaultDisk } from '../test/fault-disk.ts';
import { formatMoved, settleMoves } from './settle-moves.ts';

const HEX = '0123456789abcdef0123456789abcdef';
const facts = { highWatermark: 7, recoveryPoint: 6, logStart: 2 };
const long = 'x'.repeat(249);
const longFuture = `${long.slice(0, 255 - `-0.${HEX}-future`.length)}-0.${HEX}-future`;
const longMoved = `${long.slice(0, 255 - `-0.${HEX}-moved`.length)}-0.${HEX}-moved`;

/** Directories by their paths; `-moved` ones are files about topic t, or the long one. */
function settle(paths: readonly string[], o: { allThere?: boolean; content?: string } = {}) {
  const disk = new FaultDisk();
  for (const directory of ['/a', '/b']) disk.makeDirectorySync(directory);
  for (const path of paths) {
    if (!path.endsWith('-moved')) disk.makeDirectorySync(path);
    else
      disk.writeFileSync(
        path,
        o.content ?? formatMoved({ topic: path.includes('xxx') ? long : 't', partition: 0, ...facts }),
      );
  }
  const events: StorageEvent[] = [];
  const ports = { disk, random: nodeRandom, events: (event: StorageEvent) => events.push(event) };
  const { unfinished, facts: known, movedFiles } = settleMoves(ports, ['/a', '/b'], o.allThere ?? true);
  const names = ['/a', '/b'].flatMap((at) => disk.listNamesSync(at).map((name) => `${at}/${name}`));
  return {
    names: names.map((name) => name.replace(/[0-9a-f]{32}-delete$/, 'HEX-delete')).sort(),
    unfinished: unfinished.map(({ topic, partition, directory }) => `${topic}-${partition} to ${directory}`),
    facts: [...known].flatMap(([directory, logs]) =>
      [...logs].map(([name, { highWatermark }]) => `${directory}/${name} ${highWatermark}`),
    ),
    movedFiles,
    told: events.map(({ kind }) => kind),
  };
}
const moved = `/b/t-0.${HEX}-moved`;
const future = `/b/t-0.${HEX}-future`;

describe('what a move left', () => {
  test('nothing', () => {
    expect(settle(['/a/t-0', '/b/u-0'])).toEqual({
      ...{ names: ['/a/t-0', '/b/u-0'], unfinished: [], facts: [], movedFiles: [], told: [] },
    });
  });

  test.each([
    ['a copy', [], []],
    ['a copy that is whole: the log may have gone on', [moved], [moved]],
  ])('%s of a log that is there is begun anew', (_, more, movedFiles) => {
    expect(settle(['/a/t-0', future, ...more])).toEqual({
      ...{ names: ['/a/t-0', `/b/t-0.HEX-delete`, ...more].sort(), unfinished: ['t-0 to /b'] },
      ...{ facts: [], movedFiles, told: [] },
    });
  });

  test('the first of the two renames: the copy takes the place', () => {
    expect(settle([`/a/t-0.${HEX}-delete`, future, moved])).toEqual({
      ...{ names: ['/a/t-0.HEX-delete', '/b/t-0', moved], unfinished: [], facts: ['/b/t-0 7'] },
      ...{ movedFiles: [moved], told: ['logMoved'] },
    });
  });

  test('both, of which a power cut took the first back: the old one goes', () => {
    expect(settle(['/a/t-0', '/b/t-0', moved])).toEqual({
      ...{ names: ['/a/t-0.HEX-delete', '/b/t-0', moved], unfinished: [], facts: ['/b/t-0 7'] },
      ...{ movedFiles: [moved], told: ['logMoved'] },
    });
  });

  test('both, and only the file is left to remove', () => {
    const { names, facts: known, movedFiles } = settle([`/a/t-0.${HEX}-delete`, '/b/t-0', moved]);
    expect({ names, known, movedFiles }).toEqual({
      ...{ names: ['/a/t-0.HEX-delete', '/b/t-0', moved], known: ['/b/t-0 7'], movedFiles: [moved] },
    });
    expect(settle([moved])).toMatchObject({ names: [moved], facts: [], movedFiles: [moved], told: [] });
  });

  test('nothing is taken for lost while a directory is offline', () => {
    for (const paths of [[future], [future, moved]]) {
      expect(settle(paths, { allThere: false })).toEqual({
        ...{ names: [...paths].sort(), unfinished: [], facts: [], movedFiles: [], told: [] },
      });
    }
    expect(settle([future])).toMatchObject({ names: [future], unfinished: [] });
  });

  test.each(['', '{', '{"topic":"t","partition":0}', '{"topic":"","partition":-1}', 'null'])(
    'a file that says nothing makes no log: %j',
    (content) => {
      const { names, facts: known } = settle([future, moved], { content });
      expect({ names, known }).toEqual({ names: [future, moved].sort(), known: [] });
    },
  );

  test('a topic whose name is too long to be told by that of the copy', () => {
    expect(settle([`/a/${long}-0`, `/b/${longFuture}`]).unfinished).toEqual([`${long}-0 to /b`]);
    const { names, facts: known } = settle([`/b/${longFuture}`, `/b/${longMoved}`]);
    expect(names).toContain(`/b/${long}-0`);
    expect(known).toEqual([`/b/${long}-0 7`]);
  });
});
