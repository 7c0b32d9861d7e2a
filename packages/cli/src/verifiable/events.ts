// The JSON lines of the verifiable tools, which system tests read. Every line starts with time and name.

/** One line. `fields` follow in the order given. */
export function eventLine(now: number, name: string, fields: Readonly<Record<string, unknown>> = {}): string {
  return `${JSON.stringify({ timestamp: now, name, ...fields })}\n`;
}
