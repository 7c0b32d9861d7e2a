import { describe, expect, it } from 'vitest';
import type { CommittedOffset } from './committed-offset.ts';
import { OffsetStore } from './offset-store.ts';

function at(offset: number): CommittedOffset {
  return {
    offset,
    leaderEpoch: -1,
    metadata: '',
    commitTimestampMs: 0,
    expireTimestampMs: undefined,
    topicId: 'AAAAAAAAAAAAAAAAAAAAAA',
  };
}

describe('offsets', () => {
  it('are kept, replaced and forgotten; nothing is left of an empty group', () => {
    const store = new OffsetStore();
    store.put('g', 't', 0, at(1));
    store.put('g', 't', 0, at(2));
    store.put('g', 't', 1, at(3));
    expect(store.count).toBe(2);
    expect(store.get('g', 't', 0)?.offset).toBe(2);
    store.remove('g', 't', 0);
    store.remove('g', 't', 0);
    store.remove('g', 't', 1);
    expect(store.count).toBe(0);
    expect(store.of('g')).toBeUndefined();
  });

  it('of an open transaction count once it commits', () => {
    const store = new OffsetStore();
    store.put('g', 't', 0, at(1));
    store.putPending(7, 'g', 't', 0, at(5));
    store.putPending(7, 'g', 't', 1, at(6));
    expect(store.get('g', 't', 0)?.offset).toBe(1);
    expect(store.isPending('g', 't', 0)).toBe(true);
    expect(store.hasPending('g')).toBe(true);
    store.endTransaction(7, true);
    expect(store.get('g', 't', 0)?.offset).toBe(5);
    expect(store.get('g', 't', 1)?.offset).toBe(6);
    expect(store.isPending('g', 't', 0)).toBe(false);
    expect(store.count).toBe(2);
  });

  it('of an open transaction are forgotten when it aborts', () => {
    const store = new OffsetStore();
    store.putPending(7, 'g', 't', 0, at(5));
    store.putPending(8, 'g', 't', 0, at(6));
    store.endTransaction(7, false);
    expect(store.isPending('g', 't', 0)).toBe(true);
    store.endTransaction(8, false);
    expect(store.isPending('g', 't', 0)).toBe(false);
    expect(store.count).toBe(0);
  });

  it('take pending ones with them when they are removed', () => {
    const store = new OffsetStore();
    store.putPending(7, 'g', 't', 0, at(5));
    store.remove('g', 't', 0);
    store.endTransaction(7, true);
    expect(store.count).toBe(0);
  });
});
