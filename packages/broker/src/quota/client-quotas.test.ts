import { ClusterImage, type QuotaEntity } from '@moldau/metadata';
import { expect, test } from 'vitest';
import { ClientQuotas } from './client-quotas.ts';
import { matchQuota } from './quota-match.ts';

const KEY = 'producer_byte_rate';

/** `user=alice client-id=*`, any of both as `*`. */
function entityOf(text: string): QuotaEntity {
  return text.split(' ').map((part) => {
    const [type = '', name = ''] = part.split('=');
    return { type, name: name === '*' ? null : name };
  });
}

function pictureOf(limits: Record<string, number>): ClusterImage {
  const records = Object.entries(limits).map(([entity, value]) => ({
    kind: 'clientQuotaSet' as const,
    entity: entityOf(entity),
    key: KEY,
    value,
  }));
  return records.length === 0 ? ClusterImage.empty : ClusterImage.empty.apply({ offset: 0, epoch: 1, records });
}

// KIP-55: in this order, and only the first that is there counts.
const order = [
  ['user=alice client-id=app', '["alice","app"]'],
  ['user=alice client-id=*', '["alice","app"]'],
  ['user=alice', '["alice",null]'],
  ['user=* client-id=app', '["alice","app"]'],
  ['user=* client-id=*', '["alice","app"]'],
  ['user=*', '["alice",null]'],
  ['client-id=app', '[null,"app"]'],
  ['client-id=*', '[null,"app"]'],
] as const;

test.each(order)('%s counts before what is more general, and is shared by %s', (entity, sharedBy) => {
  const from = order.findIndex(([one]) => one === entity);
  const image = pictureOf(Object.fromEntries(order.slice(from).map(([one], at) => [one, 100 + at])));
  expect(matchQuota(image, KEY, 'User:alice', 'app')).toEqual({ limit: 100, sharedBy });
});

test('quotas of others, and other limits, hold nobody', () => {
  const image = pictureOf({ 'user=bob': 1, 'client-id=other': 1, 'user=bob client-id=app': 1 });
  expect(matchQuota(image, KEY, 'User:alice', 'app')).toBe(undefined);
  expect(matchQuota(pictureOf({ 'user=*': 1 }), 'consumer_byte_rate', 'User:alice', 'app')).toBe(undefined);
});

const windows = { windows: 11, windowMs: 1_000 };
const app = { principal: 'User:ANONYMOUS', clientId: 'app' };

test('a user with two clients shares one allowance; a quota of any client gives each its own', () => {
  const shared = new ClientQuotas(() => pictureOf({ 'user=*': 1_000 }), windows);
  expect(shared.passed(KEY, app, 10_000, 0)).toBe(0);
  expect(shared.passed(KEY, { ...app, clientId: 'other' }, 10_000, 0)).toBe(10_000);
  const own = new ClientQuotas(() => pictureOf({ 'client-id=*': 1_000 }), windows);
  expect(own.passed(KEY, app, 10_000, 0)).toBe(0);
  expect(own.passed(KEY, { ...app, clientId: 'other' }, 10_000, 0)).toBe(0);
});

test('a quota that is set or taken away holds at once', () => {
  let image = pictureOf({ 'client-id=app': 1_000 });
  const quotas = new ClientQuotas(() => image, windows);
  expect(quotas.passed(KEY, app, 20_000, 0)).toBe(10_000);
  image = pictureOf({ 'client-id=app': 2_000 });
  expect(quotas.passed(KEY, app, 0, 0)).toBe(0);
  image = pictureOf({});
  expect(quotas.passed(KEY, app, 1e9, 0)).toBe(0);
});

test('what may not pass does not count; a batch larger than everything allowed passes when nothing else did', () => {
  const quotas = new ClientQuotas(() => pictureOf({ 'client-id=app': 1_000 }), windows);
  expect(quotas.mayPass(KEY, app, 50_000, 0)).toBe(0);
  const wait = quotas.mayPass(KEY, app, 100, 0);
  expect(wait).toBeGreaterThan(0);
  expect(quotas.mayPass(KEY, app, 100, 0)).toBe(wait);
  expect(quotas.mayPass(KEY, app, 50_000, 11_000)).toBe(0);
  expect(quotas.bytesMax(KEY, app)).toBe(10_000);
  expect(quotas.bytesMax('consumer_byte_rate', app)).toBe(Number.POSITIVE_INFINITY);
});

test('clients without end do not take memory without end', () => {
  const quotas = new ClientQuotas(() => pictureOf({ 'client-id=*': 1_000 }), windows);
  for (let i = 0; i < 25_000; i++) quotas.passed(KEY, { ...app, clientId: `app-${i}` }, 1, 0);
  expect(quotas.remembered).toBeLessThanOrEqual(10_000);
});
