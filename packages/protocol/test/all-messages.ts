// Every message description of the package, by Kafka's name for it. Found by looking into the files, so that none can be
// forgotten in a list.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Message } from '../src/description/message.ts';
import { parseVersions } from '../src/description/versions.ts';

const FOLDERS = ['messages', 'coordinator-records', 'control-records', 'log-files', 'remote-log-records'];

export async function allMessages(): Promise<Map<string, Message>> {
  const found = new Map<string, Message>();
  for (const folder of FOLDERS) {
    const path = fileURLToPath(new URL(`../src/${folder}`, import.meta.url));
    for (const file of readdirSync(path).sort()) {
      if (!file.endsWith('.ts') || file.endsWith('.test.ts')) continue;
      const exported = (await import(join(path, file))) as Record<string, unknown>;
      for (const value of Object.values(exported)) {
        if (!isMessage(value)) continue;
        const name = kafkaName(value);
        if (found.has(name)) throw new Error(`${name} is described twice`);
        found.set(name, value);
      }
    }
  }
  return found;
}

export function versionsOf(message: Message): number[] {
  const { min, max } = parseVersions(message.versions);
  return Array.from({ length: max - min + 1 }, (_, index) => min + index);
}

function kafkaName(message: Message): string {
  if (message.kind === 'request') return `${message.name}Request`;
  if (message.kind === 'response') return `${message.name}Response`;
  return message.name;
}

function isMessage(value: unknown): value is Message {
  return typeof value === 'object' && value !== null && 'kind' in value && 'flexible' in value && 'fields' in value;
}
