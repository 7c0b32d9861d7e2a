// What one version of a message looks like: which fields are on the wire, in which form, how many bytes each takes at
// least, and what absent ones read as. Both code generators (decoder.ts, encoder.ts) work from this and from nothing else.
import { type Field, type Fields, type ScalarKind, ZERO_UUID } from '../description/field.ts';
import type { Message } from '../description/message.ts';
import { EVERY_VERSION, includes, intersect, parseVersions, type VersionRange } from '../description/versions.ts';

export interface FieldLayout {
  readonly name: string;
  /** For error messages: `topicData[].partitionData[].records`. */
  readonly path: string;
  readonly kind: Field['kind'];
  /** On the wire in this version, whether in its place or as a tagged field. */
  readonly present: boolean;
  /** Set when it travels as a tagged field. */
  readonly tag: number | undefined;
  /** Lengths are varints. */
  readonly compact: boolean;
  readonly nullable: boolean;
  readonly ignorable: boolean;
  /** Need not be given on encode (AcceptedFields says the same in types). */
  readonly omissible: boolean;
  readonly defaultValue: Field['default'];
  /** Of an array. */
  readonly element: FieldLayout | undefined;
  /** Of a struct. */
  readonly struct: StructLayout | undefined;
  /** Bytes of every value when all values take the same number. */
  readonly fixedBytes: number | undefined;
  /** Bytes of the shortest value. */
  readonly minBytes: number;
  /** Bytes that can be read before anything is known of the value: a fixed value, or the first byte or bytes of a length. */
  readonly leadBytes: number;
}

export interface StructLayout {
  /** In the order of the description, absent and tagged ones too: the order of the keys of the object. */
  readonly fields: readonly FieldLayout[];
  /** In their place on the wire. */
  readonly inPlace: readonly FieldLayout[];
  /** In ascending order of tag. */
  readonly tagged: readonly FieldLayout[];
  /** A section of tagged fields closes the struct. */
  readonly flexible: boolean;
  readonly fixedBytes: number | undefined;
  readonly minBytes: number;
}

export const SCALAR_BYTES: { readonly [K in ScalarKind]?: number } = {
  bool: 1,
  int8: 1,
  int16: 2,
  int32: 4,
  int64: 8,
  uint16: 2,
  uint32: 4,
  float64: 8,
  uuid: 16,
};

/** Throws when the version is not one of the message: callers check versions first, so that is a mistake of theirs. */
export function layoutOf(message: Message, version: number): StructLayout {
  if (!includes(parseVersions(message.versions), version)) {
    throw new RangeError(`${message.name} has no version ${version}, only ${message.versions}`);
  }
  const flexible = includes(parseVersions(message.flexible), version);
  return structLayout(message.fields, version, EVERY_VERSION, flexible, '');
}

function structLayout(
  fields: Fields,
  version: number,
  enclosing: VersionRange,
  flexible: boolean,
  path: string,
): StructLayout {
  const all = Object.entries(fields).map(([name, field]) =>
    fieldLayout(name, field, version, enclosing, flexible, path === '' ? name : `${path}.${name}`),
  );
  const inPlace = all.filter((field) => field.present && field.tag === undefined);
  const tagged = all.filter((field) => field.present && field.tag !== undefined).sort((a, b) => a.tag! - b.tag!);
  const closing = flexible ? 1 : 0;
  const minBytes = inPlace.reduce((sum, field) => sum + field.minBytes, closing);
  // A flexible struct may always be followed by tagged fields that we do not know, so it is never of fixed size to read.
  const fixed = !flexible && inPlace.every((field) => field.fixedBytes !== undefined);
  return { fields: all, inPlace, tagged, flexible, fixedBytes: fixed ? minBytes : undefined, minBytes };
}

function fieldLayout(
  name: string,
  field: Field,
  version: number,
  enclosing: VersionRange,
  flexible: boolean,
  path: string,
): FieldLayout {
  const versions = field.versions === undefined ? enclosing : intersect(parseVersions(field.versions), enclosing);
  const compact = flexible && field.flexible !== 'none';
  const nullable = field.nullable !== undefined && includes(parseVersions(field.nullable), version);
  const element =
    field.element &&
    fieldLayout(name, field.element, version, versions, flexible, field.kind === 'array' ? `${path}[]` : path);
  const struct = field.fields && structLayout(field.fields, version, versions, flexible, path);
  return {
    name,
    path,
    kind: field.kind,
    present: includes(versions, version),
    tag: field.tag,
    compact,
    nullable,
    ignorable: field.ignorable === true,
    omissible:
      field.default !== undefined ||
      field.tag !== undefined ||
      field.ignorable === true ||
      field.versions !== undefined,
    defaultValue: field.default,
    element,
    struct,
    ...bytesOf(field.kind, compact, nullable, struct),
  };
}

type Bytes = Pick<FieldLayout, 'fixedBytes' | 'minBytes' | 'leadBytes'>;

function bytesOf(kind: Field['kind'], compact: boolean, nullable: boolean, struct: StructLayout | undefined): Bytes {
  if (struct) {
    if (nullable) return { fixedBytes: undefined, minBytes: 1, leadBytes: 1 };
    return { fixedBytes: struct.fixedBytes, minBytes: struct.minBytes, leadBytes: struct.fixedBytes ?? 0 };
  }
  const scalar = SCALAR_BYTES[kind as ScalarKind];
  if (scalar !== undefined) return { fixedBytes: scalar, minBytes: scalar, leadBytes: scalar };
  const length = compact ? 1 : kind === 'string' ? 2 : 4;
  return { fixedBytes: undefined, minBytes: length, leadBytes: length };
}

/**
 * What an absent or left-out field stands for, as a JavaScript expression. Of records it is null, as in Kafka, of other
 * nullable kinds an empty value unless the description says null. `structDefault` names the shared default of a struct.
 */
export function defaultExpression(field: FieldLayout, structDefault: (field: FieldLayout) => string): string {
  if (field.defaultValue !== undefined) return JSON.stringify(field.defaultValue);
  switch (field.kind) {
    case 'bool':
      return 'false';
    case 'string':
      return "''";
    case 'uuid':
      return `'${ZERO_UUID}'`;
    case 'bytes':
      return '$.NO_BYTES';
    case 'records':
      return 'null';
    case 'array':
      return '[]';
    case 'struct':
      return structDefault(field);
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
    case 'uint16':
    case 'uint32':
    case 'float64':
      return '0';
  }
}

/** The default of a struct as an object literal; nested ones are written out. */
export function structDefaultLiteral(struct: StructLayout): string {
  const members = struct.fields.map(
    (field) =>
      `${field.name}: ${defaultExpression(field, (nested) => `Object.freeze(${structDefaultLiteral(nested.struct!)})`)}`,
  );
  return `{ ${members.join(', ')} }`;
}
