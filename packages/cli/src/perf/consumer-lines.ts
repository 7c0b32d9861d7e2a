// The comma-separated lines of the consumer performance tool.
import { formatDate } from '../text/java-date.ts';
import { javaFixed } from '../text/java-text.ts';

const BYTES_PER_MB = 1024 * 1024;
const REBALANCE_COLUMNS = ', rebalance.time.ms, fetch.time.ms, fetch.MB.sec, fetch.nMsg.sec';

export function headerLine(detailed: boolean): string {
  const first = detailed ? 'time, threadId' : 'start.time, end.time';
  return `${first}, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec${REBALANCE_COLUMNS}\n`;
}

export interface Consumed {
  readonly bytes: number;
  readonly records: number;
}

/** The one line at the end. Division by an interval of 0 shows as Java shows it: Infinity or NaN. */
export function totalLine(
  total: Consumed,
  startMs: number,
  endMs: number,
  rebalanceMs: number,
  dateFormat: string,
): string {
  const seconds = (endMs - startMs) / 1000;
  const fetchMs = endMs - startMs - rebalanceMs;
  const megabytes = total.bytes / BYTES_PER_MB;
  return `${[
    formatDate(startMs, dateFormat),
    formatDate(endMs, dateFormat),
    javaFixed(megabytes, 4),
    javaFixed(megabytes / seconds, 4),
    total.records,
    javaFixed(total.records / seconds, 4),
    rebalanceMs,
    fetchMs,
    javaFixed(megabytes / (fetchMs / 1000), 4),
    javaFixed(total.records / (fetchMs / 1000), 4),
  ].join(', ')}\n`;
}

/** The line of one interval, with --show-detailed-stats. */
export function intervalLine(
  total: Consumed,
  before: Consumed,
  startMs: number,
  endMs: number,
  rebalanceMs: number,
  dateFormat: string,
): string {
  const elapsedMs = endMs - startMs;
  const fetchMs = elapsedMs - rebalanceMs;
  const megabytes = (total.bytes - before.bytes) / BYTES_PER_MB;
  const records = total.records - before.records;
  const perFetch = (amount: number) => (fetchMs <= 0 ? 0 : (1000 * amount) / fetchMs);
  return `${[
    formatDate(endMs, dateFormat),
    0,
    javaFixed(total.bytes / BYTES_PER_MB, 4),
    javaFixed((1000 * megabytes) / elapsedMs, 4),
    total.records,
    javaFixed((records / elapsedMs) * 1000, 4),
    rebalanceMs,
    fetchMs,
    javaFixed(perFetch(megabytes), 4),
    javaFixed(perFetch(records), 4),
  ].join(', ')}\n`;
}
