// No setting of the table is inert in silence: the code reads it, a topic setting takes its default from it, or the table
// says why it has no effect (which a start warns of) or why it is refused.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { camelCase } from './broker-config.ts';
import { brokerSettings } from './broker-settings.ts';
import { QUIET_SETTINGS, readBrokerConfig } from './read-config.ts';
import { topicSettingEntries } from './settings/topic.ts';

const root = join(import.meta.dirname, '..');
/** What runs: no tests, no benches, not the tables themselves, no remarks. */
const code = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !/\.(test|bench)\.ts$|(^|\/)test\/|config\/settings\//.test(path))
  .map((path) => readFileSync(join(root, path), 'utf8').replaceAll(/^\s*(\/\/|\*|\/\*).*$/gm, ''))
  .join('\n');
/** Settings of brokers that are nothing but the default of a topic's; its own effect says what comes of them. */
const ofTopics = new Map(
  topicSettingEntries().flatMap(([, setting]) => setting.servers.map(({ name }) => [name as string, setting] as const)),
);
/** Looked up by their names, before there is a config. */
const beforeTheConfig = new Set(['process.roles', 'controller.listener.names', 'listener.security.protocol.map']);

const isRead = (name: string) =>
  beforeTheConfig.has(name)
    ? code.includes(`'${name}'`)
    : new RegExp(`[.{ ]${camelCase(name)}\\b`).test(code) || ofTopics.get(name)?.effect.kind === 'honoured';

test.each(brokerSettings())('%s is read, or says why it has no effect', (name, { effect }) => {
  switch (effect.kind) {
    case 'honoured':
      expect(isRead(name)).toBe(true);
      return;
    case 'inert':
    case 'refused':
      expect(effect.why.length).toBeGreaterThan(10);
      return;
  }
});

test.each(topicSettingEntries().filter(([, { effect }]) => effect.kind === 'honoured'))(
  'topic setting %s is read',
  (name) => {
    expect(code).toMatch(new RegExp(`\\bvalues\\??\\.${camelCase(name)}\\b|settings\\.${camelCase(name)}\\b`));
  },
);

const others: Readonly<Record<string, string>> = { INT: '7654', LONG: '7654', SHORT: '7', DOUBLE: '0.7' };
/** Out of `one of A, B`. */
const otherWord = (allowed: string, fallback: unknown) =>
  allowed
    .replace(/^(one|any) of /, '')
    .split(', ')
    .find((word) => word !== String(fallback))!;
const inert = brokerSettings().filter(([name, { effect }]) => effect.kind === 'inert' && !QUIET_SETTINGS.has(name));
test.each(inert)('%s: a start with another value warns', (name, { effect, fallback, type, check, allowed }) => {
  const text =
    name === 'log.cleaner.dedupe.buffer.size'
      ? '2000000'
      : type === 'BOOLEAN'
        ? String(!fallback)
        : (others[type] ?? (/^(one|any) of /.test(allowed) ? otherWord(allowed, fallback) : 'something'));
  // A value out of its range is refused, which is a word too.
  if (type in others && check(name, Number(text)) !== undefined) return;
  const { warnings } = readBrokerConfig({ values: { [name]: text } });
  expect(warnings.join('\n')).toContain(effect.kind === 'inert' ? effect.why : undefined);
});
