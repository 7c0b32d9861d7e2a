// Starts the light load as a process of its own and reads its one line of JSON.
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LoadResult } from './produce.ts';

const main = join(dirname(fileURLToPath(import.meta.url)), 'main.ts');

/** `options` are those of load/main.ts without their dashes. Rejects with what the load said when it fails. */
export function runLoad(
  kind: 'produce' | 'fetch' | 'end-to-end',
  options: Readonly<Record<string, string | number | boolean>>,
): Promise<LoadResult> {
  const args = Object.entries(options).flatMap(([key, value]) => {
    if (value === true) return [`--${key}`];
    return value === false ? [] : [`--${key}=${value}`];
  });
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [main, kind, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.once('error', reject);
    child.once('close', (status) => {
      if (status === 0) resolve(JSON.parse(stdout) as LoadResult);
      else reject(new Error(`the load failed: ${stderr.trim()}`));
    });
  });
}
