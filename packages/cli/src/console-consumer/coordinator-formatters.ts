// The formatters for internal topics: one JSON object for each record, of the record types that are asked for.
// Unlike Kafka's they end each object with a line break.

import { recordJson } from '../coordinator-records/record-json.ts';
import { type InternalTopic, recordTypes } from '../coordinator-records/record-types.ts';
import type { Formatter } from './formatter.ts';

/** Shows the records of `topic` whose type is in `shown` (all when undefined); others are passed over. */
export async function coordinatorFormatter(topic: InternalTopic, shown?: readonly number[]): Promise<Formatter> {
  const types = await recordTypes(topic);
  return (record, write) => {
    if (record.key === null) return;
    const value = record.value === null ? null : Buffer.from(record.value);
    let json: ReturnType<typeof recordJson>;
    try {
      json = recordJson(types, Buffer.from(record.key), value);
    } catch (error) {
      throw new Error(`Could not read record at offset ${record.offset} due to: ${(error as Error).message}`);
    }
    if (json === undefined || (shown && !shown.includes(json.type))) return;
    write(`${JSON.stringify({ key: { type: json.type, data: json.key }, value: json.value ?? null })}\n`);
  };
}
