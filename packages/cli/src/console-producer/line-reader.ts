// Lines to records for kafka-console-producer: headers, key and value split by configurable separators.
// Pure: one line in, one record or an error out.
import type { Properties } from '../settings/properties.ts';

export interface LineRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly { readonly key: string; readonly value: Buffer | null }[];
}

export type LineReader = (line: string, lineNumber: number) => LineRecord;

const truth = (text: string | undefined): boolean => text?.trim().toLowerCase() === 'true';

/** Makes the reader for the properties of --reader-property. Throws on separators that cannot be told apart. */
export function lineReader(properties: Properties): LineReader {
  const parseKey = truth(properties.get('parse.key'));
  const parseHeaders = truth(properties.get('parse.headers'));
  const ignoreError = truth(properties.get('ignore.error'));
  const keySeparator = properties.get('key.separator') ?? '\t';
  const headersDelimiter = properties.get('headers.delimiter') ?? '\t';
  const headersSeparator = properties.get('headers.separator') ?? ',';
  const headersKeySeparator = properties.get('headers.key.separator') ?? ':';
  const nullMarker = properties.get('null.marker');
  const different: [string, string | undefined, string, string][] = [
    ['headers.delimiter', headersDelimiter, 'headers.separator', headersSeparator],
    ['headers.delimiter', headersDelimiter, 'headers.key.separator', headersKeySeparator],
    ['headers.separator', headersSeparator, 'headers.key.separator', headersKeySeparator],
    ['null.marker', nullMarker, 'key.separator', keySeparator],
    ['null.marker', nullMarker, 'headers.separator', headersSeparator],
    ['null.marker', nullMarker, 'headers.delimiter', headersDelimiter],
    ['null.marker', nullMarker, 'headers.key.separator', headersKeySeparator],
  ];
  for (const [a, aValue, b, bValue] of different) {
    if (aValue === bValue) throw new Error(`${a} and ${b} may not be equal`);
  }
  const bytes = (text: string): Buffer | null => (text === nullMarker ? null : Buffer.from(text));
  const before = (line: string, from: number, mark: string, name: string, lineNumber: number): string | undefined => {
    const at = line.indexOf(mark, from);
    if (at >= 0) return line.slice(from, at);
    if (ignoreError) return undefined;
    throw new Error(`No ${name} found on line number ${lineNumber}: '${line}'`);
  };
  // The separator between headers is a regular expression, the others are plain text: so it is in Kafka.
  const betweenHeaders = new RegExp(headersSeparator);
  const splitHeaders = (text: string, lineNumber: number) =>
    text.split(betweenHeaders).map((pair) => {
      const at = pair.indexOf(headersKeySeparator);
      if (at < 0) {
        if (ignoreError) return { key: pair, value: null };
        throw new Error(`No header key separator found in pair '${pair}' on line number ${lineNumber}`);
      }
      const key = pair.slice(0, at);
      if (key === nullMarker) {
        throw new Error(`Header keys should not be equal to the null marker '${nullMarker}' as they can't be null`);
      }
      return { key, value: bytes(pair.slice(at + headersKeySeparator.length)) };
    });
  const none: LineRecord['headers'] = [];
  if (!parseKey && !parseHeaders) return (line) => ({ key: null, value: bytes(line), headers: none });
  return (line, lineNumber) => {
    const headers = parseHeaders ? before(line, 0, headersDelimiter, 'headers delimiter', lineNumber) : undefined;
    const keyAt = headers === undefined ? 0 : headers.length + headersDelimiter.length;
    const key = parseKey ? before(line, keyAt, keySeparator, 'key separator', lineNumber) : undefined;
    const valueAt = keyAt + (key === undefined ? 0 : key.length + keySeparator.length);
    return {
      key: key === undefined ? null : bytes(key),
      value: bytes(line.slice(valueAt)),
      headers: headers === undefined || headers === nullMarker ? none : splitHeaders(headers, lineNumber),
    };
  };
}
