import { describe, expect, it } from 'vitest';
import { memberOf } from './classic-group.ts';
import { EMPTY_BYTES, type Member, MemberTable, sameProtocols } from './member-table.ts';
import { subscription } from './test/harness.ts';

function member(memberId: string, protocols: readonly string[], instanceId?: string): Member {
  return memberOf('g', {
    memberId,
    instanceId,
    clientId: 'c',
    clientHost: '/h',
    rebalanceTimeoutMs: 1_000 * memberId.length,
    sessionTimeoutMs: 10_000,
    protocols: protocols.map((name) => subscription(name, [])),
    assignment: EMPTY_BYTES,
    isNew: false,
  });
}

function tableOf(...members: readonly Member[]): MemberTable {
  const table = new MemberTable();
  for (const one of members) table.add(one);
  return table;
}

describe('members', () => {
  it.each([
    ['one member: its favourite', [['b', 'a']], 'b'],
    [
      'most votes among what all support',
      [
        ['a', 'b'],
        ['b', 'a'],
        ['b', 'a'],
      ],
      'b',
    ],
    [
      'a favourite that not all support does not count',
      [
        ['x', 'a', 'b'],
        ['b', 'a'],
      ],
      'a',
    ],
    [
      'a tie goes to the vote that came first',
      [
        ['b', 'a'],
        ['a', 'b'],
      ],
      'b',
    ],
    ['nothing in common', [['a'], ['b']], undefined],
    ['a name offered twice counts once', [['a', 'a', 'b'], ['b']], 'b'],
  ] as const)('select a protocol: %s', (_, offers, expected) => {
    expect(tableOf(...offers.map((protocols, i) => member(`m${i}`, protocols))).selectProtocol()).toBe(expected);
  });

  it('know what they all support, as they come, change and go', () => {
    const table = tableOf(member('a', ['range']), member('b', ['range', 'sticky']));
    expect(table.supportAnyOf([{ name: 'sticky' }])).toBe(false);
    table.update(member('a', ['sticky']));
    expect(table.supportAnyOf([{ name: 'sticky' }])).toBe(true);
    expect(table.supportAnyOf([{ name: 'range' }])).toBe(false);
    table.remove('a');
    expect(table.supportAnyOf([{ name: 'range' }])).toBe(true);
    table.remove('b');
    expect(table.supportAnyOf([{ name: 'anything' }])).toBe(true);
  });

  it('are found by instance, one each', () => {
    const table = tableOf(member('a', ['range'], 'i'));
    expect(table.memberIdOf('i')).toBe('a');
    expect(() => table.add(member('b', ['range'], 'i'))).toThrow('instance i');
    table.remove('a');
    expect(table.memberIdOf('i')).toBeUndefined();
  });

  it('give a rebalance as long as the most patient of them asks for', () => {
    expect(tableOf(member('a', ['x']), member('ccc', ['x']), member('bb', ['x'])).rebalanceTimeoutMs()).toBe(3_000);
    expect(new MemberTable().rebalanceTimeoutMs()).toBe(0);
  });

  it('have changed nothing when names, order and bytes are the same', () => {
    const offer = [subscription('a', ['t']), subscription('b', [])];
    expect(sameProtocols(offer, [subscription('a', ['t']), subscription('b', [])])).toBe(true);
    expect(sameProtocols(offer, [subscription('b', []), subscription('a', ['t'])])).toBe(false);
    expect(sameProtocols(offer, [subscription('a', ['u']), subscription('b', [])])).toBe(false);
    expect(sameProtocols(offer, offer.slice(0, 1))).toBe(false);
  });
});
