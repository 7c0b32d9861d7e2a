import { type AclBinding, ClusterImage } from '@moldau/metadata';
import { describe, expect, test } from 'vitest';
import type { AclFilter } from '../authorizer/acl-filter.ts';
import { type AclWish, decideCreateAcls, decideDeleteAcls, findAcls } from './acls.ts';

const wish = (parts: Partial<AclWish> = {}): AclWish => ({
  ...{ resourceType: 2, resourceName: 't', patternType: 3, principal: 'User:a', host: '*', operation: 3 },
  permissionType: 3,
  ...parts,
});
const everything: AclFilter = {
  ...{ resourceTypeFilter: 1, resourceNameFilter: null, patternTypeFilter: 1, principalFilter: null, hostFilter: null },
  ...{ operation: 1, permissionType: 1 },
};

function ids() {
  let serial = 0;
  return () => `id${++serial}`;
}

function pictureOf(...wishes: AclWish[]): ClusterImage {
  const { records } = decideCreateAcls(ClusterImage.empty, wishes, ids());
  return ClusterImage.empty.apply({ offset: 0, epoch: 1, records });
}

const names = (acls: readonly AclBinding[]) => acls.map(({ resourceName, patternType }) => resourceName + patternType);

describe('new rules', () => {
  test('a rule that is there already is no error, and no second rule', () => {
    const image = pictureOf(wish());
    const { records, result } = decideCreateAcls(image, [wish(), wish({ host: 'h' }), wish({ host: 'h' })], ids());
    expect(result.map(({ error }) => error)).toEqual(['NONE', 'NONE', 'NONE']);
    expect(records).toEqual([{ kind: 'aclSet', acl: { id: 'id1', ...wish({ host: 'h' }) } }]);
  });

  test.each<[string, Partial<AclWish>, RegExp]>([
    ['another name of the cluster', { resourceType: 4 }, /only valid name for the CLUSTER resource is kafka-cluster/],
    ['no name', { resourceName: '' }, /Invalid empty resource name/],
    ['any type', { resourceType: 1 }, /Invalid resourceType ANY/],
    ['a type that is none', { resourceType: 8 }, /Invalid resourceType UNKNOWN/],
    ['a pattern of filters', { patternType: 2 }, /Invalid patternType MATCH/],
    ['any operation', { operation: 1 }, /Invalid operation ANY/],
    ['an operation that is none', { operation: 16 }, /Invalid operation UNKNOWN/],
    ['any permission', { permissionType: 1 }, /Invalid permissionType ANY/],
    ['a principal without a type', { principal: 'alice' }, /principalType:principalName but got alice/],
    ['a principal without end', { principal: `User:${'a'.repeat(1_000)}` }, /1000 are allowed/],
    ['a name without end', { resourceName: 'a'.repeat(1_001) }, /1000 are allowed/],
  ])('%s is refused, and only that', (_, parts, detail) => {
    const { records, result } = decideCreateAcls(ClusterImage.empty, [wish(parts), wish()], ids());
    expect(result.map(({ error }) => error)).toEqual(['INVALID_REQUEST', 'NONE']);
    expect(result[0]?.detail).toMatch(detail);
    expect(records).toHaveLength(1);
  });

  test('how many there may be, in one request and altogether', () => {
    const many = (count: number, host: string) =>
      Array.from({ length: count }, (_, index) => wish({ host, resourceName: `t${index}` }));
    const { result, records } = decideCreateAcls(ClusterImage.empty, many(10_001, '*'), ids());
    expect([result.length, result[0]?.error, records.length]).toEqual([10_001, 'POLICY_VIOLATION', 0]);
    const full = Array.from({ length: 10 }, (_, index) => many(10_000, `h${index}`)).flat();
    const image = ClusterImage.empty.apply({
      offset: 0,
      epoch: 1,
      records: full.map((acl, index) => ({ kind: 'aclSet', acl: { id: `i${index}`, ...acl } })),
    });
    const more = decideCreateAcls(image, [wish({ resourceName: 'one-more' }), full[5]!], ids());
    expect(more.result.map(({ error }) => error)).toEqual(['POLICY_VIOLATION', 'NONE']);
  });
});

describe('filters', () => {
  const image = pictureOf(
    wish({ resourceName: 'abc' }),
    wish({ resourceName: 'ab', patternType: 4 }),
    wish({ resourceName: '*' }),
    wish({ resourceName: 'abc', patternType: 4, permissionType: 2 }),
    wish({ resourceName: 'abc', resourceType: 3, principal: 'User:b', host: '10.0.0.1', operation: 4 }),
  );
  test.each<[string, Partial<AclFilter>, string[]]>([
    ['everything', {}, ['*3', 'ab4', 'abc3', 'abc4', 'abc3']],
    ['a kind of resource', { resourceTypeFilter: 3 }, ['abc3']],
    ['a name, of any pattern', { resourceNameFilter: 'abc', resourceTypeFilter: 2 }, ['abc3', 'abc4']],
    ['a literal name', { resourceNameFilter: 'abc', resourceTypeFilter: 2, patternTypeFilter: 3 }, ['abc3']],
    ['a prefix itself', { resourceNameFilter: 'ab', patternTypeFilter: 4 }, ['ab4']],
    ['all prefixes', { patternTypeFilter: 4 }, ['ab4', 'abc4']],
    [
      'what concerns a name',
      { resourceNameFilter: 'abcd', resourceTypeFilter: 2, patternTypeFilter: 2 },
      ['*3', 'ab4', 'abc4'],
    ],
    ['what concerns a name that has a rule', { resourceNameFilter: 'ab', patternTypeFilter: 2 }, ['*3', 'ab4']],
    ['a principal', { principalFilter: 'User:b' }, ['abc3']],
    ['a host', { hostFilter: '10.0.0.1' }, ['abc3']],
    ['an operation', { operation: 4 }, ['abc3']],
    ['a permission', { permissionType: 2 }, ['abc4']],
    ['nothing of the kind', { principalFilter: 'User:nobody' }, []],
  ])('%s', (_, parts, found) => {
    expect(names(findAcls(image, { ...everything, ...parts })).sort()).toEqual([...found].sort());
  });

  test('what a filter means goes; each filter tells what it removed, and a rule that two mean goes once', () => {
    const filters = [
      { ...everything, resourceNameFilter: 'abc' },
      { ...everything, permissionType: 2 },
    ];
    const { records, result } = decideDeleteAcls(image, [...filters, { ...everything, operation: 0 }]);
    expect(result.map(({ error, deleted }) => [error, deleted.length])).toEqual([
      ['NONE', 3],
      ['NONE', 1],
      ['INVALID_REQUEST', 0],
    ]);
    const left = image.apply({ offset: 1, epoch: 1, records });
    expect(names(findAcls(left, everything)).sort()).toEqual(['*3', 'ab4']);
    expect(records).toHaveLength(3);
  });

  test.each<[Partial<AclFilter>, string]>([
    [{ patternTypeFilter: 0 }, 'Unknown patternFilter.'],
    [{ resourceTypeFilter: 99 }, 'Unknown patternFilter.'],
    [{ operation: 99 }, 'Unknown entryFilter.'],
    [{ permissionType: 0 }, 'Unknown entryFilter.'],
  ])('%o is no filter', (parts, detail) => {
    expect(decideDeleteAcls(image, [{ ...everything, ...parts }]).result[0]).toMatchObject({ detail });
  });

  test('more than ten thousand at once are not removed', () => {
    const rules = Array.from({ length: 10_001 }, (_, index) => wish({ resourceName: `t${index}` }));
    const many = ClusterImage.empty.apply({
      offset: 0,
      epoch: 1,
      records: rules.map((acl, index) => ({ kind: 'aclSet', acl: { id: `i${index}`, ...acl } })),
    });
    const { records, result } = decideDeleteAcls(many, [everything]);
    expect([records.length, result[0]?.error]).toEqual([0, 'POLICY_VIOLATION']);
  });
});
