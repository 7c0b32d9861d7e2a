import { describe, expect, it } from 'vitest';
import { subscriptionTopics } from './subscriptions.ts';
import { subscription } from './test/harness.ts';

const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex');

describe('topics of a subscription', () => {
  it.each([
    ['two topics', subscription('range', ['orders', 'payments']).metadata, ['orders', 'payments']],
    ['a name beyond ASCII', bytes('0000 00000001 0002 c3bc ffffffff'), ['ü']],
    ['none', subscription('range', []).metadata, []],
    ['a version yet to come, with fields after ours', bytes('0063 00000001 0001 74 ffffffff 0102030405'), ['t']],
  ])('%s', (_, metadata, expected) => {
    expect(subscriptionTopics(metadata)).toEqual(expected);
  });

  it.each([
    ['nothing', ''],
    ['a negative version', 'ffff 00000000'],
    ['a negative count', '0000 ffffffff'],
    ['a count past the bytes there are', '0000 7fffffff 0001 74'],
    ['a topic cut off', '0000 00000001 0005 74'],
    ['a length cut off', '0000 00000002 0001 74 00'],
    ['a null topic', '0000 00000001 ffff 0000'],
  ])('not read from %s', (_, hex) => {
    expect(subscriptionTopics(bytes(hex))).toBeUndefined();
  });
});
