// A producer: small bursts to every partition of its topics, each value telling who wrote it and in which order.
import { KafkaError, Producer } from '@moldau/client';
import type { ClientHost } from './client-host.ts';
import type { SimTopic } from './topics.ts';

export interface ProducerShape {
  readonly name: string;
  readonly acks: 0 | 1 | -1;
  readonly idempotent: boolean;
  readonly maxInFlight: number;
  readonly lingerMs: number;
  readonly pauseMs: number;
}

/** Records that wait for their answer before the loop waits with them. */
const OPEN_MAX = 200;

export async function producerLoop(host: ClientHost, topics: readonly SimTopic[], shape: ProducerShape): Promise<void> {
  const { history, world } = host;
  const draws = host.draws.fork(shape.name);
  const { name, acks, idempotent } = shape;
  const producer = new Producer({
    ...host.common,
    clientId: name,
    acks: acks === -1 ? 'all' : acks,
    enableIdempotence: idempotent,
    maxInFlightRequestsPerConnection: shape.maxInFlight,
    lingerMs: shape.lingerMs,
    deliveryTimeoutMs: 20_000,
    maxBlockMs: 5_000,
    batchSize: 300,
    retries: idempotent || draws.chance(0.7) ? 2_147_483_647 : 0,
  });
  const next = new Map<string, number>();
  let open = 0;
  while (!host.stopping) {
    for (let burst = draws.between(1, 6); burst > 0; burst--) {
      const topic = draws.pick(topics);
      const partition = draws.below(topic.partitions);
      const writer = `${name}:${topic.name}-${partition}`;
      const n = next.get(writer) ?? 0;
      next.set(writer, n + 1);
      const value = `${writer}/${n}`;
      const where = { topic: topic.name, partition };
      history.add({ kind: 'sent', at: world.now, ...where, value, acks, ordered: idempotent });
      open++;
      producer.push({ ...where, value: pad(value, draws.below(60)) }, (error, metadata) => {
        open--;
        if (error) {
          host.met(error);
          history.add({ kind: 'failed', at: world.now, ...where, value, error: error.error });
        } else history.add({ kind: 'acked', at: world.now, ...where, value, offset: metadata!.offset });
      });
    }
    do await host.sleep(draws.skewed(shape.pauseMs));
    while (open > OPEN_MAX && !host.stopping);
  }
  try {
    await producer.close({ timeoutMs: 60_000 });
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error;
    host.met(error);
  }
}

/** Values differ in length, so that batches end anywhere in a page. */
function pad(value: string, length: number): string {
  return `${value} ${'x'.repeat(length)}`;
}

/** The value without its padding. */
export function plainValue(bytes: Buffer | null): string {
  const text = bytes?.toString('latin1') ?? '';
  const at = text.indexOf(' ');
  return at < 0 ? text : text.slice(0, at);
}
