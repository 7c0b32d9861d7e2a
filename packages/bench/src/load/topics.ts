// Topics of the benches: made before a row, removed after it.
import { ask } from './connection.ts';
import { createTopicsRequest, deleteTopicsRequest, fetchRequest, topicErrors, walkFetchAnswer } from './wire.ts';

/**
 * Resolves once the broker serves every partition of the topics. Apache Kafka answers CreateTopics when its controller
 * has decided; the broker learns of it a moment later.
 */
export async function whenServed(
  host: string,
  port: number,
  topics: readonly { name: string; partitions: number }[],
  timeoutMs = 60_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (const { name, partitions } of topics) {
    const positions = Array.from({ length: partitions }, (_, partition) => ({
      partition,
      offset: 0,
      highWatermark: -1,
    }));
    for (;;) {
      const answer = await ask(
        host,
        port,
        fetchRequest(name, positions, { maxWaitMs: 0, minBytes: 0, partitionMaxBytes: 1 }),
      );
      try {
        walkFetchAnswer(
          answer,
          positions.map((position) => ({ ...position })),
        );
        break;
      } catch (error) {
        if (performance.now() > deadline) throw error;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }
}

/** Creates topics of one replica and waits until they are served. Throws with the broker's message when one is refused. */
export async function createTopics(
  host: string,
  port: number,
  topics: readonly { name: string; partitions: number; config?: Readonly<Record<string, string>> }[],
): Promise<void> {
  const answer = await ask(host, port, createTopicsRequest(topics));
  for (const { name, errorCode, message } of topicErrors(answer, 'create')) {
    if (errorCode !== 0) throw new Error(`topic ${name} was not created: error ${errorCode} ${message ?? ''}`);
  }
  await whenServed(host, port, topics);
}

/** Deletes topics; one that is not there is no error. */
export async function deleteTopics(host: string, port: number, names: readonly string[]): Promise<void> {
  const answer = await ask(host, port, deleteTopicsRequest(names));
  for (const { name, errorCode } of topicErrors(answer, 'delete')) {
    if (errorCode !== 0 && errorCode !== 3) throw new Error(`topic ${name} was not deleted: error ${errorCode}`);
  }
}
