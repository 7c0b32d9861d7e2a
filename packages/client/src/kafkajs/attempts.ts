// Trying again by KafkaJS's `retry` option, where the native client's own retries do not apply: connecting, and handlers.
import type { Ports } from '@moldau/kernel';
import { sleep } from '../cluster/sleep.ts';
import { KafkaJSError, KafkaJSNumberOfRetriesExceeded, KafkaJSProtocolError, kafkaJsError } from './errors.ts';
import type { Retry } from './settings.ts';

/** Errors of a program, which no retry mends. */
const PROGRAM_ERRORS = new Set(['RangeError', 'ReferenceError', 'SyntaxError', 'TypeError']);

/** Whether KafkaJS would try again after this. */
export function mayPass(error: Error): boolean {
  return (error as { retriable?: boolean }).retriable !== false && !PROGRAM_ERRORS.has(error.name);
}

/** The pause before the retry of that number (from 0), in milliseconds. */
export function pauseMs(retry: Retry, retryCount: number, random: () => number): number {
  const mean = Math.min(retry.initialRetryTime * retry.multiplier ** retryCount, retry.maxRetryTime);
  return Math.ceil(Math.min(mean * (1 + retry.factor * (2 * random() - 1)), retry.maxRetryTime));
}

/** Throws what would not pass (or `worthIt` does not hold for), or KafkaJSNumberOfRetriesExceeded. */
export async function withRetries<T>(
  ports: Ports,
  retry: Retry,
  attempt: () => Promise<T>,
  worthIt: (error: Error) => boolean = mayPass,
): Promise<T> {
  for (let retryCount = 0; ; retryCount++) {
    try {
      return await attempt();
    } catch (thrown) {
      const error = kafkaJsError(thrown);
      const retryTime = pauseMs(retry, retryCount, () => ports.random.float());
      if (!worthIt(error)) throw error;
      if (retryCount >= retry.retries) throw new KafkaJSNumberOfRetriesExceeded(error, { retryCount, retryTime });
      await sleep(ports.timers, retryTime);
    }
  }
}

/** A broker's answer that may be another one later; what the native client retries itself has been retried by then. */
export function mayAnswerOtherwise(error: Error): boolean {
  return error instanceof KafkaJSProtocolError && error.retriable;
}

export function notConnected(what: string): KafkaJSError {
  return new KafkaJSError(`The ${what} is not connected; call connect() first.`);
}
