// Whole messages: requests and responses of an API, keys and values of coordinator records, and other versioned data.
// `MessageOf` is what decoding gives, `InputOf` what encoding takes.
import type { AcceptedFields, DecodedFields, Fields } from './field.ts';

export interface Message<F extends Fields = Fields> {
  readonly kind: 'request' | 'response' | 'recordKey' | 'recordValue' | 'data';
  /** Key of the API, or type of the coordinator record; undefined for other data. */
  readonly id: number | undefined;
  readonly name: string;
  /** Every version we can read and write. */
  readonly versions: string;
  /** Kafka calls the newest version not stable yet: it is read and written but not advertised. */
  readonly newestUnstable: boolean;
  /** Versions with compact lengths and tagged fields. Said of every message, since forgetting it cannot be mended later. */
  readonly flexible: string;
  readonly fields: F;
}

/** The decoded shape: every field of every version is present. */
export type MessageOf<D extends Message> = DecodedFields<D['fields']>;

/** What `encode` takes: as MessageOf, but fields with a default, and those not in all versions, may be left out. */
export type InputOf<D extends Message> = AcceptedFields<D['fields']>;

interface Described<F> {
  readonly name: string;
  readonly versions: string;
  readonly newestUnstable?: true;
  readonly flexible: string;
  readonly fields: F;
}

export function request<const F extends Fields>(of: Described<F> & { readonly api: number }): Message<F> {
  return message('request', of.api, of);
}

export function response<const F extends Fields>(of: Described<F> & { readonly api: number }): Message<F> {
  return message('response', of.api, of);
}

/** The key of a coordinator record: an int16 type, then these fields, never flexible. */
export function recordKey<const F extends Fields>(of: Described<F> & { readonly type: number }): Message<F> {
  return message('recordKey', of.type, of);
}

/** The value of a coordinator record: an int16 version, then these fields. */
export function recordValue<const F extends Fields>(of: Described<F> & { readonly type: number }): Message<F> {
  return message('recordValue', of.type, of);
}

/** Anything else that has versions: headers, control records, entries of files. */
export function data<const F extends Fields>(of: Described<F>): Message<F> {
  return message('data', undefined, of);
}

function message<F extends Fields>(kind: Message['kind'], id: number | undefined, of: Described<F>): Message<F> {
  const { name, versions, flexible, fields, newestUnstable = false } = of;
  return { kind, id, name, versions, newestUnstable, flexible, fields };
}
