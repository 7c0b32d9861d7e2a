import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { play } from './test/transcript-runner.ts';

const folder = join(import.meta.dirname, 'transcripts');
const rewrites = process.env.MOLDAU_REWRITE_TRANSCRIPTS === '1';

describe('transcripts of the controller', () => {
  for (const file of readdirSync(folder).sort()) {
    it(file.replace('.txt', ''), async () => {
      const path = join(folder, file);
      const expected = readFileSync(path, 'utf8');
      const played = await play(expected);
      if (rewrites) writeFileSync(path, played);
      else expect(played).toBe(expected);
    });
  }
});
