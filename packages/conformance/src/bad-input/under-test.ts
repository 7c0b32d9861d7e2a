// The broker that bad input goes to: connections to it, a topic of one's own, and the proof after each case that it still
// serves the next connection at once.
import { APIS, type Api, errorName, type InputOf, type MessageOf, type WireError } from '@moldau/protocol';
import { expect } from 'vitest';
import { eventually } from '../suite/eventually.ts';
import { fresh, host, port } from '../suite/target.ts';
import { RawConnection } from './raw-connection.ts';

/** "At once", on a machine that does other things as well. */
const AT_ONCE_MS = 2_000;

export async function onConnection<T>(use: (connection: RawConnection) => Promise<T>): Promise<T> {
  const connection = await RawConnection.open(host, port);
  try {
    return await use(connection);
  } finally {
    connection.close();
  }
}

/** One request on a connection of its own. */
export function ask<A extends Api>(
  api: A,
  apiVersion: number,
  body: InputOf<A['request']>,
): Promise<MessageOf<A['response']>> {
  return onConnection((connection) => connection.ask(api, apiVersion, body));
}

export async function expectNextConnectionServed(): Promise<void> {
  const startedAt = performance.now();
  const { errorCode, apiKeys } = await ask(APIS.ApiVersions, 0, {});
  expect(errorCode).toBe(0);
  expect(apiKeys.length).toBeGreaterThan(20);
  expect(performance.now() - startedAt).toBeLessThan(AT_ONCE_MS);
}

/** A topic of two partitions that is ready to be written to. */
export async function freshTopic(): Promise<string> {
  const name = fresh('bad-input');
  const topic = { name, numPartitions: 2, replicationFactor: 1, assignments: [], configs: [] };
  const created = await ask(APIS.CreateTopics, 5, { topics: [topic], timeoutMs: 30_000 });
  expect(created.topics[0]?.errorCode).toBe(0);
  await eventually(`${name} has leaders`, async () => {
    const { topics } = await ask(APIS.Metadata, 8, { topics: [{ name }], allowAutoTopicCreation: false });
    const partitions = topics[0]?.partitions ?? [];
    return partitions.length === 2 && partitions.every((partition) => partition.errorCode === 0);
  });
  return name;
}

/** A group whose coordinator serves it. */
export async function freshGroup(): Promise<string> {
  const group = fresh('bad-input');
  await eventually(`a coordinator for ${group}`, async () => {
    const found = await ask(APIS.FindCoordinator, 2, { key: group, keyType: 0 });
    if (found.errorCode !== 0) return false;
    const { groups } = await ask(APIS.DescribeGroups, 5, { groups: [group] });
    return groups[0]?.errorCode === 0;
  });
  return group;
}

/** Names in place of numbers, so that a failed comparison can be read. */
export function names(errorCodes: readonly number[]): WireError[] {
  return errorCodes.map(errorName);
}
