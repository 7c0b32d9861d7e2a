// Trying again: the one loop behind every call that may take several requests.
import type { Ports } from '@moldau/kernel';
import { backoffMs } from '../connection/backoff.ts';
import { asKafkaError, KafkaError } from '../errors.ts';
import { sleep } from './sleep.ts';

export interface RetrySettings {
  readonly retryBackoffMs: number;
  readonly retryBackoffMaxMs: number;
  /** Default: no bound but the deadline. */
  readonly retries?: number;
}

/** How long a call may take, from now; and what it was, for the error. */
export interface CallBudget {
  readonly timeoutMs: number;
  /** As in "... did not finish in time": 'listing topics'. */
  readonly what: string;
}

/**
 * Runs `attempt` until it answers, fails for good, or the time is over; in between pauses that grow. `attempt` gets the
 * milliseconds left. `between` runs before each retry (to refresh what may be stale) and may fail without harm.
 * Rejects with the error that would not pass, or REQUEST_TIMED_OUT with the last one as its cause.
 */
export async function retrying<T>(
  ports: Ports,
  settings: RetrySettings,
  budget: CallBudget,
  attempt: (leftMs: number) => Promise<T>,
  between?: (error: KafkaError) => Promise<void>,
): Promise<T> {
  const { clock, timers, random } = ports;
  const deadline = clock.monotonic() + budget.timeoutMs;
  let error: KafkaError | undefined;
  for (let failures = 1; ; failures++) {
    try {
      const outcome = await beforeDeadline(ports, deadline, attempt(Math.max(1, deadline - clock.monotonic())));
      if (outcome !== LATE) return outcome.value;
    } catch (thrown) {
      error = asKafkaError(thrown);
      if (!error.retriable) throw error;
    }
    if (error === undefined || clock.monotonic() >= deadline) throw timedOut(budget, error);
    if (failures > (settings.retries ?? Number.POSITIVE_INFINITY)) throw error;
    const { retryBackoffMs: firstMs, retryBackoffMaxMs: maxMs } = settings;
    const pauseMs = backoffMs(failures, { firstMs, maxMs }, random);
    if (clock.monotonic() + pauseMs >= deadline) throw timedOut(budget, error);
    await sleep(timers, pauseMs);
    if (between) await beforeDeadline(ports, deadline, between(error)).catch(() => {});
  }
}

const LATE = Symbol('late');

/** The promise's outcome, or LATE when the deadline (monotonic) comes first. */
async function beforeDeadline<T>(
  ports: Ports,
  deadline: number,
  promise: Promise<T>,
): Promise<{ value: T } | typeof LATE> {
  let stop: () => void = () => {};
  const late = new Promise<typeof LATE>((resolve) => {
    const timer = ports.timers.set(Math.max(0, deadline - ports.clock.monotonic()), () => resolve(LATE));
    stop = () => ports.timers.clear(timer);
  });
  try {
    return await Promise.race([promise.then((value) => ({ value })), late]);
  } finally {
    stop();
  }
}

function timedOut(budget: CallBudget, cause?: KafkaError): KafkaError {
  const why = cause ? ` Last error: ${cause.message}` : '';
  return new KafkaError('REQUEST_TIMED_OUT', {
    message: `${budget.what} did not finish within ${budget.timeoutMs} ms.${why}`,
    cause,
  });
}
