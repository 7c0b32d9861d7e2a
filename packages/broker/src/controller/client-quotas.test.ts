import { ClusterImage, type QuotaEntity } from '@moldau/metadata';
import { describe, expect, test } from 'vitest';
import { decideClientQuotas, findClientQuotas, type QuotaChange } from './client-quotas.ts';

const entity = (parts: Record<string, string | null>): QuotaEntity =>
  Object.entries(parts).map(([type, name]) => ({ type, name }));
const set = (key: string, value: number): QuotaChange => ({ key, value, remove: false });
const remove = (key: string): QuotaChange => ({ key, value: 0, remove: true });

/** A picture in which these were altered one after the other. */
function pictureOf(...wishes: [Record<string, string | null>, QuotaChange[]][]): ClusterImage {
  return wishes.reduce((image, [parts, changes]) => {
    const { records, result } = decideClientQuotas(image, [{ entity: entity(parts), changes }]);
    expect(result).toEqual([{ error: 'NONE', detail: null }]);
    return image.apply({ offset: image.offset + 1, epoch: 1, records });
  }, ClusterImage.empty);
}

const found = (image: ClusterImage, components: [string, number, string | null][], strict = false) => {
  const filter = {
    components: components.map(([entityType, matchType, match]) => ({ entityType, matchType, match })),
    strict,
  };
  const answer = findClientQuotas(image, filter);
  if ('error' in answer) return `${answer.error} ${answer.detail}`;
  return answer.map(({ entity, limits }): [string, Record<string, number>] => [
    entity.map(({ type, name }) => `${type}=${name}`).join(' '),
    Object.fromEntries(limits),
  ]);
};

describe('changes', () => {
  test('limits are set, changed and removed; an entity without limits is gone', () => {
    const alice = { user: 'alice' };
    const one = pictureOf([alice, [set('producer_byte_rate', 1000), set('request_percentage', 12.5)]]);
    expect(found(one, [])).toEqual([['user=alice', { producer_byte_rate: 1000, request_percentage: 12.5 }]]);
    const two = pictureOf(
      [alice, [set('producer_byte_rate', 1000), set('request_percentage', 12.5)]],
      [alice, [set('producer_byte_rate', 5), remove('request_percentage'), remove('consumer_byte_rate')]],
    );
    expect(found(two, [])).toEqual([['user=alice', { producer_byte_rate: 5 }]]);
    const gone = pictureOf([alice, [set('producer_byte_rate', 5)]], [alice, [remove('producer_byte_rate')]]);
    expect(found(gone, [])).toEqual([]);
  });

  test('the same entity in whatever order its types come', () => {
    const image = pictureOf(
      [{ 'client-id': 'a', user: 'u' }, [set('consumer_byte_rate', 1)]],
      [{ user: 'u', 'client-id': 'a' }, [set('consumer_byte_rate', 2)]],
    );
    expect(found(image, [])).toEqual([['user=u client-id=a', { consumer_byte_rate: 2 }]]);
  });

  test.each(['127.0.0.1', '255.0.0.1', '::1', '2001:db8::7', 'fe80::1:2'])('address %s', (ip) => {
    expect(found(pictureOf([{ ip }, [set('connection_creation_rate', 1)]]), [])).toHaveLength(1);
  });

  test.each(['256.0.0.1', '1.2.3', '1.2.3.4.5', 'a:b', ':::', '[::1]', '1.2.3.4:80'])('no address: %s', (ip) => {
    const wish = { entity: entity({ ip }), changes: [set('connection_creation_rate', 1)] };
    expect(decideClientQuotas(ClusterImage.empty, [wish]).result[0]?.error).toBe('INVALID_REQUEST');
  });

  test('what is there already makes no record', () => {
    const image = pictureOf([{ user: null }, [set('consumer_byte_rate', 1)]]);
    const again = decideClientQuotas(image, [
      { entity: entity({ user: null }), changes: [set('consumer_byte_rate', 1), remove('producer_byte_rate')] },
    ]);
    expect(again.records).toEqual([]);
  });

  const wrong: [string, QuotaEntity, QuotaChange[], string][] = [
    ['nobody', [], [], 'Invalid empty client quota entity'],
    [
      'a type twice',
      [...entity({ user: 'a' }), ...entity({ user: 'b' })],
      [],
      'Invalid client quota entity, has duplicate entity type user',
    ],
    ['a type nobody knows', entity({ team: 'a' }), [], 'Unhandled client quota entity type: team'],
    ['an empty name', entity({ user: '' }), [], 'Empty user not supported'],
    [
      'an address and a user',
      entity({ ip: '1.2.3.4', user: 'a' }),
      [],
      'Invalid quota entity combination, IP entity should not be used with user/client ID entity.',
    ],
    ['an address that is none', entity({ ip: 'host' }), [], 'host is not a valid IP address.'],
    ['a key nobody knows', entity({ user: 'a' }), [set('bytes', 1)], 'Invalid configuration key bytes'],
    [
      'a key of addresses for a user',
      entity({ user: 'a' }),
      [set('connection_creation_rate', 1)],
      'Invalid configuration key connection_creation_rate',
    ],
    [
      'a key of users for an address',
      entity({ ip: null }),
      [remove('producer_byte_rate')],
      'Invalid configuration key producer_byte_rate',
    ],
    [
      'nothing',
      entity({ user: 'a' }),
      [set('producer_byte_rate', 0)],
      'Quota producer_byte_rate must be greater than 0',
    ],
    [
      'no number',
      entity({ user: 'a' }),
      [set('producer_byte_rate', Number.NaN)],
      'Quota producer_byte_rate must be greater than 0',
    ],
    [
      'part of a byte',
      entity({ user: 'a' }),
      [set('producer_byte_rate', 1.5)],
      'Configuration producer_byte_rate must be a Long value',
    ],
  ];
  test.each(wrong)('%s is refused, and the others of the request are not', (_, bad, changes, detail) => {
    const good = { entity: entity({ user: 'good' }), changes: [set('consumer_byte_rate', 3)] };
    const { records, result } = decideClientQuotas(ClusterImage.empty, [{ entity: bad, changes }, good]);
    expect(result).toEqual([
      { error: 'INVALID_REQUEST', detail },
      { error: 'NONE', detail: null },
    ]);
    expect(records).toHaveLength(1);
  });

  test('more changes than one operation may have are refused, all of them', () => {
    const wishes = Array.from({ length: 10_001 }, (_, i) => ({
      entity: entity({ user: `u${i}` }),
      changes: [set('consumer_byte_rate', 1)],
    }));
    const { records, result } = decideClientQuotas(ClusterImage.empty, wishes);
    expect(records).toEqual([]);
    expect(new Set(result.map(({ error }) => error))).toEqual(new Set(['POLICY_VIOLATION']));
  });
});

describe('filters', () => {
  const image = pictureOf(
    [{ user: 'a' }, [set('consumer_byte_rate', 1)]],
    [{ user: null }, [set('consumer_byte_rate', 2)]],
    [{ user: 'a', 'client-id': 'c' }, [set('consumer_byte_rate', 3)]],
    [{ 'client-id': 'c' }, [set('consumer_byte_rate', 4)]],
    [{ ip: null }, [set('connection_creation_rate', 5)]],
  );
  const rates = (components: [string, number, string | null][], strict = false) => {
    const answer = found(image, components, strict);
    return typeof answer === 'string' ? answer : answer.map(([, limits]) => Object.values(limits)[0]);
  };
  test.each<[string, [string, number, string | null][], boolean, number[]]>([
    ['nothing asked for is everything', [], false, [1, 2, 3, 4, 5]],
    ['a name', [['user', 0, 'a']], false, [1, 3]],
    ['a name and nothing else', [['user', 0, 'a']], true, [1]],
    ['the default', [['user', 1, null]], false, [2]],
    ['any of a type', [['client-id', 2, null]], false, [3, 4]],
    [
      'any of both',
      [
        ['client-id', 2, null],
        ['user', 2, null],
      ],
      true,
      [3],
    ],
    ['addresses', [['ip', 2, null]], true, [5]],
    ['strict and empty', [], true, []],
  ])('%s', (_, components, strict, expected) => {
    expect((rates(components, strict) as number[]).sort()).toEqual(expected);
  });
  test.each<[string, [string, number, string | null][], RegExp]>([
    ['no type', [['', 0, 'a']], /^INVALID_REQUEST Invalid empty entity type/],
    [
      'a type twice',
      [
        ['user', 0, 'a'],
        ['user', 1, null],
      ],
      /^INVALID_REQUEST .*more than once/,
    ],
    ['a type nobody knows', [['team', 0, 'a']], /^UNSUPPORTED_VERSION /],
    ['exactly nothing', [['user', 0, null]], /^INVALID_REQUEST .*MATCH_TYPE_EXACT/],
    ['a default with a name', [['user', 1, 'a']], /^INVALID_REQUEST .*MATCH_TYPE_DEFAULT/],
    ['any with a name', [['user', 2, 'a']], /^INVALID_REQUEST .*MATCH_TYPE_SPECIFIED/],
    ['a match nobody knows', [['user', 7, null]], /^INVALID_REQUEST Unknown match type 7/],
    [
      'addresses of users',
      [
        ['user', 2, null],
        ['ip', 2, null],
      ],
      /^INVALID_REQUEST Invalid entity filter/,
    ],
  ])('%s is refused', (_, components, words) => {
    expect(found(image, components)).toMatch(words);
  });
});
