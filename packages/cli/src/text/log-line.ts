// The lines that Kafka's tools write to their log, which goes to standard error.

/** `[2026-11-21 03:49:38,173] ERROR text (who)` in local time. */
export function logLine(now: number, level: 'WARN' | 'ERROR' | 'INFO', text: string, who: string): string {
  const date = new Date(now);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `[${day} ${time},${String(date.getMilliseconds()).padStart(3, '0')}] ${level} ${text} (${who})\n`;
}
