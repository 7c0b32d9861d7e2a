import { type AclBinding, ClusterImage } from '@moldau/metadata';
import { describe, expect, test } from 'vitest';
import { apply, configOf, picture } from '../test/cluster-picture.ts';
import { BrokersWouldBeRefused, checkBrokersMayMeet, openAuthorizer, superUsersOf } from './open-authorizer.ts';
import { CLUSTER_NAME, OPERATIONS, RESOURCES } from './operations.ts';

const AUTHORIZER = { 'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer' };
const zookeeperName = { 'authorizer.class.name': 'kafka.security.authorizer.AclAuthorizer' };

test('without the setting there is none', () => {
  expect(openAuthorizer(configOf(), ClusterImage.empty)).toBeUndefined();
});

test('the name that ZooKeeper clusters have means the same', () => {
  const asker = { principal: 'User:a', host: '10.0.0.1' };
  const config = configOf({ ...zookeeperName, 'super.users': ' User:a ;;User:CN=b,O=c;' });
  expect(openAuthorizer(config, ClusterImage.empty)?.allows(asker, 'READ', 'topic', 't')).toBe(true);
  expect(superUsersOf(config.superUsers)).toEqual(['User:a', 'User:CN=b,O=c']);
});

describe('whether brokers may meet', () => {
  const rule = (parts: Partial<AclBinding> = {}) => ({
    kind: 'aclSet' as const,
    acl: {
      ...{ id: 'r', resourceType: RESOURCES.cluster, resourceName: CLUSTER_NAME, patternType: 3 },
      ...{ principal: 'User:ANONYMOUS', host: '10.0.0.1', operation: OPERATIONS.CLUSTER_ACTION, permissionType: 3 },
      ...parts,
    },
  });
  const cases: [what: string, settings: Record<string, string>, rules: ReturnType<typeof rule>[], refused: boolean][] =
    [
      ['no authorizer', {}, [], false],
      ['nothing allows them', AUTHORIZER, [], true],
      ['they are super users', { ...AUTHORIZER, 'super.users': 'User:admin;User:ANONYMOUS' }, [], false],
      ['others are super users', { ...AUTHORIZER, 'super.users': 'User:admin' }, [], true],
      ['open until there is a rule', { ...AUTHORIZER, 'allow.everyone.if.no.acl.found': 'true' }, [], false],
      [
        'open until there is a rule, and there is one for somebody else',
        { ...AUTHORIZER, 'allow.everyone.if.no.acl.found': 'true' },
        [rule({ principal: 'User:admin' })],
        true,
      ],
      ['from one address', AUTHORIZER, [rule()], false],
      ['everybody may', AUTHORIZER, [rule({ principal: 'User:*', operation: OPERATIONS.ALL })], false],
      ['another operation', AUTHORIZER, [rule({ operation: OPERATIONS.ALTER })], true],
      ['allowed and denied', AUTHORIZER, [rule(), rule({ id: 's', host: '*', permissionType: 2 })], true],
    ];
  test.each(cases)('%s', (_, settings, rules, refused) => {
    const image = apply(picture({ brokers: [1, 2] }), rules);
    const check = () => checkBrokersMayMeet(configOf({ 'node.id': '1', ...settings }), image, false);
    if (refused) expect(check).toThrow(BrokersWouldBeRefused);
    else expect(check).not.toThrow();
  });

  test('a broker by itself needs nothing, one of a cluster that has not met the others does', () => {
    const config = configOf({ 'node.id': '1', ...AUTHORIZER });
    expect(() => checkBrokersMayMeet(config, picture(), false)).not.toThrow();
    expect(() => checkBrokersMayMeet(config, picture(), true)).toThrow(BrokersWouldBeRefused);
  });
});
