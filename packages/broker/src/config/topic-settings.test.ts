import type { MetadataRecord } from '@moldau/metadata';
import { describe, expect, test } from 'vitest';
import { apply, configOf, picture } from '../test/cluster-picture.ts';
import { applyDynamicSettings } from './live-config.ts';
import { topicSettings } from './topic-settings.ts';

const setOn = (
  resourceType: 'topic' | 'broker',
  resourceName: string,
  name: string,
  value: string | null,
): MetadataRecord => ({
  kind: 'configSet',
  resourceType,
  resourceName,
  name,
  value,
});

describe('a topic setting comes from', () => {
  const cases: [
    title: string,
    given: Record<string, string>,
    overrides: Record<string, string>,
    expected: Record<string, unknown>,
  ][] = [
    [
      'its default',
      {},
      {},
      { retentionMs: 604_800_000, segmentMs: 604_800_000, segmentJitterMs: 0, flushMs: Number.MAX_SAFE_INTEGER },
    ],
    ['the topic', { 'log.retention.ms': '5' }, { 'retention.ms': '6' }, { retentionMs: 6 }],
    ['the broker', { 'log.retention.ms': '5' }, {}, { retentionMs: 5 }],
    ['hours', { 'log.retention.hours': '2' }, {}, { retentionMs: 7_200_000 }],
    [
      'minutes before hours',
      { 'log.retention.hours': '2', 'log.retention.minutes': '3' },
      {},
      { retentionMs: 180_000 },
    ],
    ['milliseconds before minutes', { 'log.retention.ms': '4', 'log.retention.minutes': '3' }, {}, { retentionMs: 4 }],
    ['hours without end', { 'log.retention.hours': '-1' }, {}, { retentionMs: -1 }],
    [
      'roll hours',
      { 'log.roll.hours': '1', 'log.roll.jitter.hours': '1' },
      {},
      { segmentMs: 3_600_000, segmentJitterMs: 3_600_000 },
    ],
    ['the flush scheduler', { 'log.flush.scheduler.interval.ms': '7' }, {}, { flushMs: 7 }],
    [
      'the flush interval first',
      { 'log.flush.scheduler.interval.ms': '7', 'log.flush.interval.ms': '8' },
      {},
      { flushMs: 8 },
    ],
    ['an internal segment size', {}, { 'internal.segment.bytes': '1000' }, { segmentBytes: 1000 }],
    ['lists', {}, { 'cleanup.policy': 'compact, delete' }, { cleanupPolicy: new Set(['compact', 'delete']) }],
    ['an empty list', {}, { 'cleanup.policy': '' }, { cleanupPolicy: new Set() }],
    ['durability of the broker', { 'log.durability': 'os' }, {}, { durability: 'os' }],
    ['durability of the topic', { 'log.durability': 'os' }, { durability: 'fsync' }, { durability: 'fsync' }],
    ['the default, when what is stored cannot be read', {}, { 'retention.ms': 'soon' }, { retentionMs: 604_800_000 }],
  ];
  test.each(cases)('%s', (_, given, overrides, expected) => {
    const records = Object.entries(overrides).map(([name, value]) => setOn('topic', 't', name, value));
    const image = picture({ topics: { t: 1 }, records });
    expect(topicSettings(configOf(given), image, 't').log).toMatchObject(expected);
  });
});

describe('one object for topics with the same settings', () => {
  test('as long as nothing changed', () => {
    const config = configOf();
    const image = picture({ topics: { a: 1, b: 1, c: 1 }, records: [setOn('topic', 'c', 'retention.ms', '1')] });
    expect(topicSettings(config, image, 'a')).toBe(topicSettings(config, image, 'b'));
    expect(topicSettings(config, image, 'c')).toBe(topicSettings(config, image, 'c'));
    expect(topicSettings(config, image, 'c')).not.toBe(topicSettings(config, image, 'a'));
    const later = apply(image, [setOn('broker', '', 'log.retention.ms', '9')]);
    expect(applyDynamicSettings(config, later)).toEqual(['log.retention.ms']);
    expect(topicSettings(config, later, 'a').log.retentionMs).toBe(9);
    expect(topicSettings(config, later, 'c').log.retentionMs).toBe(1);
  });
});

describe('dynamic broker settings', () => {
  test('the strongest wins, and what is taken away comes back', () => {
    const config = configOf({ 'message.max.bytes': '1000' });
    let image = picture();
    const step = (...records: MetadataRecord[]) => {
      image = apply(image, records);
      applyDynamicSettings(config, image);
      return config.messageMaxBytes;
    };
    expect(step()).toBe(1000);
    expect(step(setOn('broker', '', 'message.max.bytes', '2000'))).toBe(2000);
    expect(step(setOn('broker', '1', 'message.max.bytes', '3000'))).toBe(3000);
    expect(step(setOn('broker', '2', 'message.max.bytes', '4000'))).toBe(3000);
    expect(step(setOn('broker', '1', 'message.max.bytes', null))).toBe(2000);
    expect(step(setOn('broker', '', 'message.max.bytes', null))).toBe(1000);
  });

  test('what is read-only or cannot be read changes nothing', () => {
    const config = configOf();
    const records = [setOn('broker', '1', 'node.id', '9'), setOn('broker', '1', 'message.max.bytes', 'big')];
    expect(applyDynamicSettings(config, picture({ records }))).toEqual([]);
    expect(config.nodeId).toBe(1);
    expect(config.generation).toBe(0);
  });

  test('lists and worked out values are compared by content', () => {
    const config = configOf({ 'max.connections.per.ip.overrides': '10.0.0.1:5' });
    expect(applyDynamicSettings(config, picture())).toEqual([]);
    const image = picture({ records: [setOn('broker', '1', 'max.connections.per.ip.overrides', '10.0.0.1:6')] });
    expect(applyDynamicSettings(config, image)).toEqual(['max.connections.per.ip.overrides']);
    expect(config.maxConnectionsPerIpOverrides.get('10.0.0.1')).toBe(6);
  });
});
