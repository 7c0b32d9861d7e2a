// How kafka-console-consumer writes a record. A formatter is chosen by the class name that Kafka uses for it, set up by
// properties, and then only turns records into bytes.
import type { Properties } from '../settings/properties.ts';
import { deserializerFor } from './deserializers.ts';

/** The record as it was consumed. */
export interface ShownRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly timestampType: 'CreateTime' | 'LogAppendTime' | 'NoTimestampType';
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly { readonly key: string; readonly value: Uint8Array | null }[];
}

/** Takes the pieces of a formatted record; text is UTF-8. */
export type Write = (piece: string | Uint8Array) => void;

/** Writes one record, line break and all. May throw on bytes that its deserializer cannot read. */
export type Formatter = (record: ShownRecord, write: Write) => void;

const truth = (text: string | undefined, otherwise: boolean): boolean =>
  text === undefined ? otherwise : text.trim().toLowerCase() === 'true';

/** The formatter that Kafka calls DefaultMessageFormatter. Throws on an unknown deserializer. */
export function defaultFormatter(properties: Properties): Formatter {
  const flag = (name: string, otherwise = false) => truth(properties.get(`print.${name}`), otherwise);
  const columns: Formatter[] = [];
  const text = (name: string, otherwise: string) => properties.get(name) ?? otherwise;
  const separator = text('key.separator', '\t');
  const lineSeparator = text('line.separator', '\n');
  const headersSeparator = text('headers.separator', ',');
  const nullLiteral = Buffer.from(text('null.literal', 'null'));
  const read = (name: 'key' | 'value' | 'headers') => {
    const deserialize = deserializerFor(properties.get(`${name}.deserializer`));
    // Kafka hands the null literal to the deserializer as well; only plain text comes out of that, so it stays as it is.
    return (bytes: Uint8Array | null): string | Uint8Array => (bytes === null ? nullLiteral : deserialize(bytes));
  };
  const [key, value, header] = [read('key'), read('value'), read('headers')];

  if (flag('timestamp')) {
    columns.push((record, write) =>
      write(
        record.timestampType === 'NoTimestampType' ? 'NO_TIMESTAMP' : `${record.timestampType}:${record.timestamp}`,
      ),
    );
  }
  if (flag('partition')) columns.push((record, write) => write(`Partition:${record.partition}`));
  if (flag('offset')) columns.push((record, write) => write(`Offset:${record.offset}`));
  // Delivery counts belong to share groups, and Kafka's console consumer drops the epoch before it formats.
  if (flag('delivery')) columns.push((_, write) => write('Delivery:NOT_PRESENT'));
  if (flag('epoch')) columns.push((_, write) => write('Epoch:NOT_PRESENT'));
  if (flag('headers')) {
    columns.push((record, write) => {
      if (record.headers.length === 0) return write('NO_HEADERS');
      record.headers.forEach((entry, i) => {
        write(i === 0 ? `${entry.key}:` : `${headersSeparator}${entry.key}:`);
        write(header(entry.value));
      });
    });
  }
  if (flag('key')) columns.push((record, write) => write(key(record.key)));
  if (flag('value', true)) columns.push((record, write) => write(value(record.value)));

  if (columns.length === 1) {
    const only = columns[0]!;
    return (record, write) => {
      only(record, write);
      write(lineSeparator);
    };
  }
  return (record, write) => {
    columns.forEach((column, i) => {
      column(record, write);
      write(i + 1 < columns.length ? separator : lineSeparator);
    });
  };
}

/** Writes nothing: for measuring. */
export const noOpFormatter: Formatter = () => {};

/** The default formatter, and a line about the record for the log, which `log` takes. */
export function loggingFormatter(properties: Properties, log: (line: string) => void): Formatter {
  const plain = defaultFormatter(properties);
  return (record, write) => {
    plain(record, write);
    const timestamp = record.timestampType === 'NoTimestampType' ? '' : `${record.timestampType}:${record.timestamp}, `;
    const key = record.key === null ? 'null ' : `${Buffer.from(record.key).toString()}, `;
    log(`${timestamp}key:${key}value:${record.value === null ? 'null' : Buffer.from(record.value).toString()}`);
  };
}
