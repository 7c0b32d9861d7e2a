// What a writer feels when something happens to the leader of its partition: a small record every few milliseconds by our own
// client, the same for every side, that tries again at once; the longest time between two acknowledgements is the gap.
import { Producer } from '@moldau/client';
import { sleep } from './topics.ts';

const EVERY_MS = 4;
/** Steady this long after the trouble: the gap is over. */
const STEADY_MS = 1_500;
const PATIENCE_MS = 60_000;

export interface Gap {
  /** Longest time without an acknowledgement. */
  readonly gapMs: number;
  /** Longest that one record waited for its own. */
  readonly longestSendMs: number;
  /** Records that the client gave up. */
  readonly failed: number;
}

/**
 * `requestTimeoutMs`: how long the writer waits for a leader that says nothing. Clients wait 30 s as shipped, which would hide
 * how soon the cluster has a new leader.
 */
export async function writeGap(
  bootstrap: string,
  topic: string,
  trouble: () => Promise<unknown>,
  requestTimeoutMs = 30_000,
): Promise<Gap> {
  const producer = new Producer({
    bootstrapServers: bootstrap,
    acks: 'all',
    lingerMs: 0,
    requestTimeoutMs,
    retryBackoffMs: 20,
    retryBackoffMaxMs: 50,
    reconnectBackoffMs: 20,
    reconnectBackoffMaxMs: 50,
  });
  let lastAck = 0;
  let gapMs = 0;
  let longestSendMs = 0;
  let failed = 0;
  let watching = false;
  let underWay = 0;
  const send = (): void => {
    const sentAt = performance.now();
    underWay++;
    producer.send({ topic, partition: 0, value: 'x'.repeat(100) }).then(
      () => {
        underWay--;
        const now = performance.now();
        if (watching) {
          gapMs = Math.max(gapMs, now - lastAck);
          longestSendMs = Math.max(longestSendMs, now - sentAt);
        }
        lastAck = now;
      },
      () => {
        underWay--;
        failed++;
      },
    );
  };
  const timer = setInterval(() => {
    if (underWay < 500) send();
  }, EVERY_MS);
  try {
    const startedAt = performance.now();
    while (performance.now() - startedAt < STEADY_MS || lastAck === 0) await sleep(20);
    watching = true;
    const troubleAt = performance.now();
    await trouble();
    // Over when records sent after the trouble have been acknowledged for a while.
    for (let steadySince = 0; ; await sleep(10)) {
      const now = performance.now();
      if (now - troubleAt > PATIENCE_MS) throw new Error(`no acknowledgement for ${Math.round(now - lastAck)} ms`);
      if (now - lastAck > 200) steadySince = 0;
      else if (steadySince === 0) steadySince = now;
      else if (now - steadySince > STEADY_MS) break;
    }
    return { gapMs, longestSendMs, failed };
  } finally {
    clearInterval(timer);
    watching = false;
    await producer.close({ timeoutMs: 5_000 });
  }
}
