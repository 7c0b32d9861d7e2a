// The decision, beside a model that looks at every rule in the way the documentation of Kafka's authorizer puts it.
import { type AclBinding, ClusterImage } from '@moldau/metadata';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ALLOW, DENY, LITERAL, OPERATIONS, type Operation, PREFIXED, RESOURCES, type Resource } from './operations.ts';
import { StandardAuthorizer } from './standard-authorizer.ts';

type Short = Partial<AclBinding> & { readonly on?: string };

/** An ALLOW of READ on topic `t` to User:alice from everywhere, unless said otherwise. */
function rule(parts: Short, id = 'r'): AclBinding {
  const { on = 't', ...rest } = parts;
  const base = { id, resourceType: RESOURCES.topic, resourceName: on, patternType: LITERAL, principal: 'User:alice' };
  return { ...base, host: '*', operation: OPERATIONS.READ, permissionType: ALLOW, ...rest };
}

function authorizer(rules: readonly Short[], o: { superUsers?: string[]; allowIfNoAcl?: boolean } = {}) {
  const records = rules.map((one, index) => ({ kind: 'aclSet' as const, acl: rule(one, `r${index}`) }));
  const image = ClusterImage.empty.apply({ offset: 0, epoch: 1, records });
  const settings = { superUsers: new Set(o.superUsers ?? []), allowIfNoAcl: o.allowIfNoAcl ?? false };
  return new StandardAuthorizer(settings, image);
}

const alice = { principal: 'User:alice', host: '10.0.0.1' };
const bob = { principal: 'User:bob', host: '10.0.0.2' };

describe('one rule after the other', () => {
  const cases: [what: string, rules: Short[], asks: [typeof alice, Operation, string, boolean][]][] = [
    ['nothing is allowed that no rule allows', [], [[alice, 'READ', 't', false]]],
    [
      'a literal name',
      [{}],
      [
        [alice, 'READ', 't', true],
        [alice, 'READ', 'tt', false],
        [bob, 'READ', 't', false],
      ],
    ],
    [
      'every name',
      [{ on: '*' }],
      [
        [alice, 'READ', 'whatever', true],
        [alice, 'WRITE', 'whatever', false],
      ],
    ],
    [
      'a prefix',
      [{ on: 'logs.', patternType: PREFIXED }],
      [
        [alice, 'READ', 'logs.a', true],
        [alice, 'READ', 'logs.', true],
        [alice, 'READ', 'logs', false],
      ],
    ],
    ['a prefix that is a star is no wildcard', [{ on: '*', patternType: PREFIXED }], [[alice, 'READ', 't', false]]],
    [
      'every user',
      [{ principal: 'User:*' }],
      [
        [alice, 'READ', 't', true],
        [bob, 'READ', 't', true],
      ],
    ],
    [
      'one host',
      [{ principal: 'User:*', host: '10.0.0.2' }],
      [
        [alice, 'READ', 't', false],
        [bob, 'READ', 't', true],
      ],
    ],
    [
      'a deny beats every allow, however far away it stands',
      [{ operation: OPERATIONS.ALL }, { on: '*', permissionType: DENY, operation: OPERATIONS.READ }],
      [
        [alice, 'READ', 't', false],
        [alice, 'WRITE', 't', true],
      ],
    ],
    [
      'a deny for everybody but one host is no deny for the others',
      [{ principal: 'User:*' }, { principal: 'User:*', host: '10.0.0.2', permissionType: DENY }],
      [
        [alice, 'READ', 't', true],
        [bob, 'READ', 't', false],
      ],
    ],
    [
      'reading, writing, deleting and altering allow to describe, not the other way',
      [{ on: 'r' }, ...(['WRITE', 'DELETE', 'ALTER'] as const).map((one) => ({ on: one, operation: OPERATIONS[one] }))],
      [
        [alice, 'DESCRIBE', 'r', true],
        [alice, 'DESCRIBE', 'WRITE', true],
        [alice, 'DESCRIBE', 'DELETE', true],
        [alice, 'DESCRIBE', 'ALTER', true],
        [alice, 'DESCRIBE_CONFIGS', 'r', false],
      ],
    ],
    [
      'altering settings allows to describe them',
      [{ operation: OPERATIONS.ALTER_CONFIGS }],
      [
        [alice, 'DESCRIBE_CONFIGS', 't', true],
        [alice, 'DESCRIBE', 't', false],
      ],
    ],
    [
      'what is denied denies nothing besides',
      [{ permissionType: DENY }, { operation: OPERATIONS.DESCRIBE }],
      [
        [alice, 'READ', 't', false],
        [alice, 'DESCRIBE', 't', true],
      ],
    ],
    ['all operations', [{ operation: OPERATIONS.ALL }], [[alice, 'ALTER_CONFIGS', 't', true]]],
    [
      'IPv6 hosts however they are written',
      [{ host: '0:0:0:0:0:0:0:1' }],
      [
        [{ ...alice, host: '::1' }, 'READ', 't', true],
        [{ ...alice, host: '::2' }, 'READ', 't', false],
      ],
    ],
  ];
  test.each(cases)('%s', (_, rules, asks) => {
    const judge = authorizer(rules);
    for (const [asker, operation, name, allowed] of asks) {
      expect([asker.principal, operation, name, judge.allows(asker, operation, 'topic', name)]).toEqual([
        ...[asker.principal, operation, name, allowed],
      ]);
    }
  });

  test('a rule about one kind of resource says nothing of another', () => {
    expect(authorizer([{}]).allows(alice, 'READ', 'group', 't')).toBe(false);
  });

  test('super users may do what is denied to them', () => {
    const judge = authorizer([{ permissionType: DENY, operation: OPERATIONS.ALL }], { superUsers: ['User:alice'] });
    expect(judge.judge(alice, 'READ', 'topic', 't')).toEqual({ allowed: true, reason: { kind: 'superUser' } });
    expect(judge.allowsSome(alice, 'WRITE', 'topic')).toBe(true);
  });

  test('the default is for resources without any rule, not for those who have none', () => {
    const judge = authorizer([{}], { allowIfNoAcl: true });
    expect(judge.allows(bob, 'READ', 'topic', 't')).toBe(false);
    expect(judge.judge(bob, 'READ', 'topic', 'other')).toEqual({ allowed: true, reason: { kind: 'default' } });
  });

  test('a rule that is removed holds no more, one that comes holds at once', () => {
    const judge = authorizer([{ on: 'p', patternType: PREFIXED }]);
    expect(judge.allows(alice, 'READ', 'topic', 'pq')).toBe(true);
    judge.follow([{ kind: 'aclRemoved', id: 'r0' }]);
    expect([judge.allows(alice, 'READ', 'topic', 'pq'), judge.aclCount]).toEqual([false, 0]);
    judge.follow([{ kind: 'aclSet', acl: rule({ on: 'pq' }) }]);
    expect(judge.allows(alice, 'READ', 'topic', 'pq')).toBe(true);
  });
});

describe('some resource of a kind', () => {
  const cases: [what: string, rules: Short[], allowed: boolean][] = [
    ['none', [], false],
    ['one', [{}], true],
    ['one, denied by its own name', [{}, { permissionType: DENY }], false],
    ['one, denied by a beginning', [{ on: 'abc' }, { on: 'ab', patternType: PREFIXED, permissionType: DENY }], false],
    [
      'a prefix, of which one name is denied',
      [
        { on: 'ab', patternType: PREFIXED },
        { on: 'ab', permissionType: DENY },
      ],
      true,
    ],
    [
      'a longer prefix denied leaves others',
      [
        { on: 'a', patternType: PREFIXED },
        { on: 'ab', patternType: PREFIXED, permissionType: DENY },
      ],
      true,
    ],
    ['every name, one denied', [{ on: '*' }, { permissionType: DENY }], true],
    ['one, and every name denied', [{}, { on: '*', permissionType: DENY }], false],
    ['one from another host', [{ host: '10.0.0.9' }], false],
    ['one for another operation', [{ operation: OPERATIONS.WRITE }], false],
  ];
  test.each(cases)('%s', (_, rules, allowed) => {
    expect(authorizer(rules).allowsSome(alice, 'READ', 'topic')).toBe(allowed);
  });
});

test('from somewhere: a rule for one host is enough, a deny for that host takes it back', () => {
  const cluster = { resourceType: RESOURCES.cluster, on: 'kafka-cluster', operation: OPERATIONS.CLUSTER_ACTION };
  const may = (rules: Short[], o = {}) =>
    authorizer(rules, o).allowsFromSomewhere('User:alice', 'CLUSTER_ACTION', 'cluster', 'kafka-cluster');
  expect(may([])).toBe(false);
  expect(may([], { allowIfNoAcl: true })).toBe(true);
  expect(may([{ ...cluster, host: '10.0.0.1' }])).toBe(true);
  expect(
    may([
      { ...cluster, host: '10.0.0.1' },
      { ...cluster, permissionType: DENY },
    ]),
  ).toBe(false);
  expect(may([{ ...cluster, principal: 'User:bob' }], { allowIfNoAcl: true })).toBe(false);
});

// Few words, so that rules meet.
const names = fc.constantFrom('*', 'a', 'ab', 'abc', 'b', 'ba', '');
const aclOf = fc.record({
  resourceType: fc.constantFrom(RESOURCES.topic, RESOURCES.group),
  resourceName: names.filter((name) => name !== ''),
  patternType: fc.constantFrom(LITERAL, PREFIXED),
  principal: fc.constantFrom('User:a', 'User:b', 'User:*'),
  host: fc.constantFrom('*', '10.0.0.1', '10.0.0.2'),
  operation: fc.constantFrom(...Object.values(OPERATIONS)),
  permissionType: fc.constantFrom(ALLOW, DENY),
});

interface Ask {
  readonly principal: string;
  readonly host: string;
  readonly operation: Exclude<Operation, 'ALL'>;
  readonly resource: Resource;
  readonly name: string;
}

/** Every rule is looked at, one by one. */
function naive(rules: readonly AclBinding[], ask: Ask, allowIfNoAcl: boolean): boolean {
  const implied: Partial<Record<Operation, readonly Operation[]>> = {
    DESCRIBE: ['READ', 'WRITE', 'DELETE', 'ALTER'],
    DESCRIBE_CONFIGS: ['ALTER_CONFIGS'],
  };
  const onResource = rules.filter(
    (acl) =>
      acl.resourceType === RESOURCES[ask.resource] &&
      (acl.patternType === PREFIXED
        ? ask.name.startsWith(acl.resourceName)
        : acl.resourceName === ask.name || acl.resourceName === '*'),
  );
  if (onResource.length === 0) return allowIfNoAcl;
  const forAsker = onResource.filter(
    (acl) =>
      (acl.principal === ask.principal || acl.principal === 'User:*') && (acl.host === ask.host || acl.host === '*'),
  );
  const says = (permission: number, operations: readonly Operation[]) =>
    forAsker.some(
      (acl) => acl.permissionType === permission && operations.some((one) => OPERATIONS[one] === acl.operation),
    );
  if (says(DENY, [ask.operation, 'ALL'])) return false;
  return says(ALLOW, [ask.operation, 'ALL', ...(implied[ask.operation] ?? [])]);
}

test('whatever rules come and go, the decision is the one that looking at every rule gives', () => {
  const asks = fc.record({
    principal: fc.constantFrom('User:a', 'User:b', 'User:c'),
    host: fc.constantFrom('10.0.0.1', '10.0.0.2', '10.0.0.3'),
    operation: fc.constantFrom(...(Object.keys(OPERATIONS) as Operation[]).filter((one) => one !== 'ALL')),
    resource: fc.constantFrom<Resource>('topic', 'group'),
    name: names,
  });
  const changes = fc.array(fc.tuple(fc.nat({ max: 9 }), fc.option(aclOf)), { maxLength: 30 });
  fc.assert(
    fc.property(
      changes,
      fc.array(asks, { minLength: 1, maxLength: 20 }),
      fc.boolean(),
      (history, all, allowIfNoAcl) => {
        const judge = authorizer([], { allowIfNoAcl });
        const rules = new Map<string, AclBinding>();
        for (const [slot, parts] of history) {
          const id = `slot${slot}`;
          if (parts) {
            rules.set(id, { id, ...parts });
            judge.follow([{ kind: 'aclSet', acl: { id, ...parts } }]);
          } else {
            rules.delete(id);
            judge.follow([{ kind: 'aclRemoved', id }]);
          }
        }
        expect(judge.aclCount).toBe(rules.size);
        for (const ask of all as Ask[]) {
          expect([ask, judge.allows(ask, ask.operation, ask.resource, ask.name)]).toEqual([
            ask,
            naive([...rules.values()], ask, allowIfNoAcl),
          ]);
        }
      },
    ),
    { numRuns: 300 },
  );
});
