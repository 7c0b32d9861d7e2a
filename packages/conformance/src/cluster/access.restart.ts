// Access rules in a cluster of processes: a rule set through one broker is held to by every other, through the death of the
// controller and the return of a broker that missed rules. Clients are told apart by their addresses; brokers come from
// 127.0.0.1, as the operator does.
import { APIS, errorName, ZERO_UUID } from '@moldau/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RawConnection } from '../bad-input/raw-connection.ts';
import { type ApacheCluster, startApacheCluster } from '../peer/apache-cluster.ts';
import { startMoldauCluster } from '../peer/moldau-cluster.ts';
import { eventually } from '../suite/eventually.ts';
import { targetKind } from '../suite/target.ts';

const OPERATOR = '127.0.0.1';
const CLIENT = '127.0.0.2';
const ALL = 2;
const READ = 3;
const authorizer = { 'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer' };
let cluster: ApacheCluster;

beforeAll(async () => {
  const start = targetKind === 'apache' ? startApacheCluster : startMoldauCluster;
  cluster = await start({ properties: { ...authorizer, 'allow.everyone.if.no.acl.found': true } });
}, 180_000);
afterAll(() => cluster?.close());

async function on<T>(nodeId: number, host: string, use: (connection: RawConnection) => Promise<T>): Promise<T> {
  const broker = cluster.broker(nodeId);
  const connection = await RawConnection.open(broker.host, broker.port, host);
  try {
    return await use(connection);
  } finally {
    connection.close();
  }
}

/** An ALLOW for a host, set through this broker. */
async function allow(nodeId: number, resourceType: number, resourceName: string, host: string, operation: number) {
  const rule = { resourceType, resourceName, resourcePatternType: 3, principal: 'User:ANONYMOUS', host };
  await eventually('the controller takes the rule', async () => {
    const { results } = await on(nodeId, OPERATOR, (connection) =>
      connection.ask(APIS.CreateAcls, 3, { creations: [{ ...rule, operation, permissionType: 3 }] }),
    );
    return results[0]?.errorCode === 0;
  });
}

/** What a client at 127.0.0.2 hears of a topic from a broker. */
function heard(nodeId: number, topic: string): Promise<string> {
  return on(nodeId, CLIENT, async (connection) => {
    const answer = await connection.ask(APIS.Metadata, 12, {
      topics: [{ name: topic, topicId: ZERO_UUID }],
      ...{ allowAutoTopicCreation: false, includeTopicAuthorizedOperations: false },
    });
    return errorName(answer.topics[0]!.errorCode);
  });
}

/** At once with Moldau; Kafka answers before its brokers have heard. */
async function heardBy(nodeIds: readonly number[], topic: string, expected: string): Promise<void> {
  for (const nodeId of nodeIds) {
    if (targetKind === 'apache') await eventually('it is known', async () => (await heard(nodeId, topic)) === expected);
    expect([nodeId, await heard(nodeId, topic)]).toEqual([nodeId, expected]);
  }
}

test('rules hold on every broker, whoever took them and whoever leads the cluster', { timeout: 180_000 }, async () => {
  const brokers = [1, 2, 3];
  await allow(1, 4, 'kafka-cluster', OPERATOR, ALL);
  await allow(1, 2, '*', OPERATOR, ALL);
  await heardBy(brokers, 't1', 'TOPIC_AUTHORIZATION_FAILED');
  for (const nodeId of brokers) {
    await allow(nodeId, 2, `t${nodeId}`, CLIENT, READ);
    await heardBy(brokers, `t${nodeId}`, 'UNKNOWN_TOPIC_OR_PARTITION');
  }

  // The controller goes, or another; whoever leads then goes on with the same rules.
  const { controllerId } = await on(1, OPERATOR, (connection) =>
    connection.ask(APIS.Metadata, 12, { topics: [], includeTopicAuthorizedOperations: false }),
  );
  const others = brokers.filter((nodeId) => nodeId !== controllerId);
  await cluster.broker(controllerId).kill();
  await allow(others[0]!, 2, 'late', CLIENT, READ);
  await heardBy(others, 'late', 'UNKNOWN_TOPIC_OR_PARTITION');
  await heardBy(others, 'closed', 'TOPIC_AUTHORIZATION_FAILED');

  await cluster.broker(controllerId).start();
  await heardBy(brokers, 'late', 'UNKNOWN_TOPIC_OR_PARTITION');
  await heardBy(brokers, 't1', 'UNKNOWN_TOPIC_OR_PARTITION');
  await heardBy(brokers, 'closed', 'TOPIC_AUTHORIZATION_FAILED');
});

if (targetKind !== 'apache') {
  test('a cluster whose brokers nothing allows to meet does not start, and says what to set', async () => {
    const starting = startMoldauCluster({ properties: { ...authorizer, 'super.users': 'User:admin' } });
    await expect(starting).rejects.toThrow(/they would refuse each other.*Add User:ANONYMOUS to super\.users/s);
  }, 120_000);
}
