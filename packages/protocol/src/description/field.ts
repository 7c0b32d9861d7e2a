// The words in which messages are described: scalars, strings, bytes, arrays, structs. A description is plain data; the
// types of the decoded and of the accepted value are inferred from it, and the codec is compiled from it (../codec).
//
// Always: the order of the fields in an object is their order on the wire. One shape serves every version: a field absent
// from the version at hand has its default (0, false, '', zero id, empty list, unless `default` says otherwise).

export type ScalarKind =
  | 'bool'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'uint16'
  | 'uint32'
  | 'float64'
  | 'string'
  | 'bytes'
  | 'records'
  | 'uuid';

/** The id that means "no topic id" on the wire: 16 zero bytes. */
export const ZERO_UUID = 'AAAAAAAAAAAAAAAAAAAAAA';

export interface FieldOptions {
  /** Versions that have the field; all versions of what encloses it when left out. */
  readonly versions?: string;
  /** Versions in which null is allowed. */
  readonly nullable?: string;
  /** Number of a tagged field: it travels at the end of its struct, and only when it differs from its default. */
  readonly tag?: number;
  readonly default?: number | boolean | string | null;
  /** A value may be dropped when the version at hand has no such field; otherwise that is an error. */
  readonly ignorable?: true;
  /** The one field that never takes the compact form: the client id of the request header. */
  readonly flexible?: 'none';
  /** Passwords and their like: kept out of logs. */
  readonly secret?: true;
}

// Phantom members: they exist for inference only and are never set.
declare const decoded: unique symbol;
declare const accepted: unique symbol;
declare const omissible: unique symbol;

export interface Field<Decoded = unknown, Accepted = unknown, Omissible extends boolean = boolean>
  extends FieldOptions {
  readonly kind: ScalarKind | 'array' | 'struct';
  /** Of an array. */
  readonly element?: Field;
  /** Of a struct. */
  readonly fields?: Fields;
  readonly [decoded]?: Decoded;
  readonly [accepted]?: Accepted;
  readonly [omissible]?: Omissible;
}

export type Fields = { readonly [name: string]: Field };

export type DecodedFields<F extends Fields> = {
  -readonly [K in keyof F]: F[K] extends Field<infer D, unknown, boolean> ? D : never;
};

/** A field may be left out on encode when it has a default of its own, is tagged or ignorable, or is not in all versions. */
export type AcceptedFields<F extends Fields> = {
  readonly [K in keyof F as F[K] extends Field<unknown, unknown, true> ? never : K]: AcceptedOf<F[K]>;
} & {
  readonly [K in keyof F as F[K] extends Field<unknown, unknown, true> ? K : never]?: AcceptedOf<F[K]> | undefined;
};

type AcceptedOf<F> = F extends Field<unknown, infer A, boolean> ? A : never;

type MayOmit<O> = O extends
  | { readonly default: unknown }
  | { readonly tag: number }
  | { readonly ignorable: true }
  | { readonly versions: string }
  ? true
  : false;
type OrNull<O, T> = O extends { readonly nullable: string } ? T | null : T;
type Made<O, Decoded, Accepted> = Field<OrNull<O, Decoded>, OrNull<O, Accepted>, MayOmit<O>>;

type NotNullable = Omit<FieldOptions, 'nullable' | 'flexible'>;
type NumberOptions = NotNullable & { readonly default?: number };
type BoolOptions = NotNullable & { readonly default?: boolean };
type StringOptions = FieldOptions & { readonly default?: string | null };
type BytesOptions = Omit<FieldOptions, 'flexible'> & { readonly default?: null };

// biome-ignore lint/complexity/noBannedTypes: "no options" must infer as an object without keys
type None = {};

function scalar<O, Decoded, Accepted>(kind: ScalarKind, options: O | undefined): Made<O, Decoded, Accepted> {
  return { kind, ...options };
}

export function bool<const O extends BoolOptions = None>(options?: O) {
  return scalar<O, boolean, boolean>('bool', options);
}
export function int8<const O extends NumberOptions = None>(options?: O) {
  return scalar<O, number, number>('int8', options);
}
export function int16<const O extends NumberOptions = None>(options?: O) {
  return scalar<O, number, number>('int16', options);
}
export function int32<const O extends NumberOptions = None>(options?: O) {
  return scalar<O, number, number>('int32', options);
}
/**
 * A `number`. Beyond ±(2^53 - 1) decoding and encoding throw ProtocolError, with one exception: the greatest int64, which
 * some clients send for "no bound", reads as and is written for `Number.MAX_SAFE_INTEGER`.
 */
export function int64<const O extends NumberOptions = None>(options?: O) {
  return scalar<O, number, number>('int64', options);
}
export function uint16<const O extends NumberOptions = None>(options?: O) {
  return scalar<O, number, number>('uint16', options);
}
export function uint32<const O extends NumberOptions = None>(options?: O) {
  return scalar<O, number, number>('uint32', options);
}
export function float64<const O extends NumberOptions = None>(options?: O) {
  return scalar<O, number, number>('float64', options);
}
/** UTF-8. */
export function string<const O extends StringOptions = None>(options?: O) {
  return scalar<O, string, string>('string', options);
}
/** Decodes to a view of the frame, not a copy. */
export function bytes<const O extends BytesOptions = None>(options?: O) {
  return scalar<O, Buffer, Uint8Array>('bytes', options);
}
/** Record batches, end to end. Decodes to a view of the frame; on encode a list of chunks stands for their concatenation. */
export function records<const O extends BytesOptions = None>(options?: O) {
  return scalar<O, Buffer, Uint8Array | readonly Uint8Array[]>('records', options);
}
/** 16 bytes on the wire, 22 characters of base64url here. */
export function uuid<const O extends Omit<NotNullable, 'default'> = None>(options?: O) {
  return scalar<O, string, string>('uuid', options);
}

type Element = Field | Fields;
type DecodedElement<E> = E extends Field<infer D, unknown, boolean> ? D : E extends Fields ? DecodedFields<E> : never;
type AcceptedElement<E> = E extends Field<unknown, infer A, boolean> ? A : E extends Fields ? AcceptedFields<E> : never;
type ArrayOptions = Omit<FieldOptions, 'flexible'> & { readonly default?: null };

/** A list of scalars (`array(int32())`) or of structs (`array({ … })`). */
export function array<const E extends Element, const O extends ArrayOptions = None>(
  element: E,
  options?: O,
): Made<O, DecodedElement<E>[], readonly AcceptedElement<E>[]> {
  const of: Field = isField(element) ? element : { kind: 'struct', fields: element };
  return { kind: 'array', element: of, ...options };
}

export function struct<const F extends Fields, const O extends ArrayOptions = None>(
  fields: F,
  options?: O,
): Made<O, DecodedFields<F>, AcceptedFields<F>> {
  return { kind: 'struct', fields, ...options };
}

/** A struct may have a field that is called `kind`; that one is an object. */
function isField(element: Element): element is Field {
  return typeof element.kind === 'string';
}
