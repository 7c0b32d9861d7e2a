// Requests that make sense, written from the descriptions: every field in its form, with names, partitions, groups and
// batches that the broker may know, so that a frame gets past the decoder and into the handler. Written by an
// interpreter of its own, not by the codec under test, and with marks for the mutations (mutate.ts).
import type { FieldLayout, StructLayout } from '@moldau/protocol/codec/layout';
import { writeBatch } from '@moldau/protocol/records/batch-writer';
import type { Dice } from './dice.ts';
import { MarkedWriter } from './marked-bytes.ts';

/** What the broker is known to hold. */
export interface Known {
  readonly topics: readonly { readonly name: string; readonly id: string }[];
  readonly brokerId: number;
}

const GROUPS = ['fuzz-group-0', 'fuzz-group-1', 'fuzz-group-2'];
const SETTINGS = [
  'retention.ms',
  'cleanup.policy',
  'segment.bytes',
  'max.message.bytes',
  'compression.type',
  'no.such',
];
const SETTING_VALUES = ['1000', 'compact', 'delete', '', '-1', '1048576', 'gzip', '99999999999999999999'];
const ZERO_ID = Buffer.alloc(16);

const batches = [1, 3, 20].flatMap((count) =>
  (['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const).map((codec) =>
    writeBatch({
      codec,
      records: Array.from({ length: count }, (_, i) => ({
        key: i % 2 ? Buffer.from(`key-${i}`) : null,
        value: Buffer.from(`value-${i}`),
        timestamp: 1_700_000_000_000 + i,
        headers: i % 3 ? [] : [{ key: 'h', value: null }],
      })),
    }),
  ),
);

/** `harmless`: nothing is created or changed for good by this request, whatever becomes of its numbers later. */
export interface Wish {
  readonly known: Known;
  readonly harmless: boolean;
}

export function writeStruct(out: MarkedWriter, struct: StructLayout, dice: Dice, wish: Wish): void {
  for (const field of struct.inPlace) writeValue(out, field, dice, wish);
  if (!struct.flexible) return;
  const tagged = struct.tagged.filter(() => dice.oneIn(3));
  const stray = dice.oneIn(20) ? 1 : 0;
  out.uvarint('tagCount', tagged.length + stray);
  for (const field of tagged) {
    const value = new MarkedWriter();
    writeValue(value, field, dice, wish);
    out.uvarint('tag', field.tag ?? 0);
    out.uvarint('length', value.length);
    out.append(value);
  }
  if (stray) {
    const bytes = dice.bytes(dice.below(6));
    out.uvarint('tag', 1000 + dice.below(1_000_000));
    out.uvarint('length', bytes.length);
    out.put('blob', bytes);
  }
}

function writeValue(out: MarkedWriter, field: FieldLayout, dice: Dice, wish: Wish): void {
  const { compact } = field;
  if (field.nullable && dice.oneIn(6)) {
    if (field.kind === 'struct') out.int('null', -1, 1);
    else if (compact) out.uvarint('null', 0);
    else out.int('null', -1, field.kind === 'string' ? 2 : 4);
    return;
  }
  switch (field.kind) {
    case 'bool':
      out.int('number', boolOf(field, dice, wish) ? 1 : 0, 1);
      break;
    case 'int8':
      out.int('number', intOf(field, dice, wish), 1);
      break;
    case 'int16':
    case 'uint16':
      out.int('number', intOf(field, dice, wish), 2);
      break;
    case 'int32':
    case 'uint32':
      out.int('number', intOf(field, dice, wish), 4);
      break;
    case 'int64':
      out.int64(dice.oneIn(12) ? dice.pick(FAR) : BigInt(intOf(field, dice, wish)));
      break;
    case 'float64':
      out.put('number', dice.oneIn(4) ? dice.bytes(8) : Buffer.from('3ff0000000000000', 'hex'));
      break;
    case 'uuid':
      out.put('blob', uuidOf(dice, wish));
      break;
    case 'string': {
      const text = Buffer.from(textOf(field, dice, wish));
      if (compact) out.uvarint('length', text.length + 1);
      else out.int('length', text.length, 2);
      out.put('text', text);
      break;
    }
    case 'bytes':
    case 'records': {
      const bytes = field.kind === 'records' ? dice.pick(batches) : dice.bytes(dice.below(24));
      if (compact) out.uvarint('length', bytes.length + 1);
      else out.int('length', bytes.length, 4);
      out.put('blob', bytes);
      break;
    }
    case 'array': {
      const count = dice.pick([0, 1, 1, 1, 2, 3]);
      if (compact) out.uvarint('count', count + 1);
      else out.int('count', count, 4);
      for (let i = 0; i < count; i++) writeValue(out, field.element!, dice, wish);
      break;
    }
    case 'struct':
      if (field.nullable) out.int('null', 1, 1);
      writeStruct(out, field.struct!, dice, wish);
      break;
  }
}

const FAR = [0x7fffffffffffffffn, -0x8000000000000000n, 0x1fffffffffffffn, 0x20000000000000n, 1_700_000_000_000n];
const EDGES = [0, 1, -1, 2, 127, -128, 32767, -32768, 0x7fffffff, -0x80000000];

function boolOf(field: FieldLayout, dice: Dice, wish: Wish): boolean {
  if (field.name === 'validateOnly') return wish.harmless || !dice.oneIn(4);
  if (field.name === 'allowAutoTopicCreation') return dice.oneIn(20);
  return dice.oneIn(2);
}

function intOf(field: FieldLayout, dice: Dice, wish: Wish): number {
  const { name } = field;
  // Waits: a request that is parked for long says nothing about its bytes.
  if (/(timeout|wait)ms$/i.test(name)) return dice.oneIn(40) ? dice.pick(EDGES) : dice.below(30);
  if (/numpartitions|count$/i.test(name)) return dice.oneIn(8) ? dice.pick([-1, 0, -2]) : 1 + dice.below(3);
  if (dice.oneIn(8)) return dice.pick(EDGES);
  if (/partition|index/i.test(name)) return dice.below(3);
  if (/brokerid|nodeid/i.test(name)) return wish.known.brokerId;
  if (/resourcetype/i.test(name)) return dice.pick([2, 2, 2, 4, 8, 16, 32]);
  if (/acks|replicationfactor/i.test(name)) return dice.pick([-1, 1, -1, 0]);
  if (/bytes$/i.test(name)) return dice.pick([0, 1, 1000, 1_048_576]);
  if (/epoch|generation/i.test(name)) return dice.pick([-1, 0, 1]);
  if (/timestamp/i.test(name)) return dice.pick([-1, -2, -3, -4, 0]);
  return dice.below(5) - 1;
}

function uuidOf(dice: Dice, { known }: Wish): Uint8Array {
  if (dice.oneIn(6)) return ZERO_ID;
  return dice.oneIn(6) ? dice.bytes(16) : Buffer.from(dice.pick(known.topics).id, 'base64url');
}

function textOf(field: FieldLayout, dice: Dice, { known }: Wish): string {
  const path = field.path.toLowerCase();
  if (dice.oneIn(15)) return dice.pick(['', '.', 'a b', '__consumer_offsets', 'x'.repeat(250), 'ü', '\u0000']);
  if (/config/.test(path)) return dice.pick(/value/.test(path) ? SETTING_VALUES : SETTINGS);
  if (/resourcename/.test(path)) return dice.oneIn(4) ? String(known.brokerId) : dice.pick(known.topics).name;
  if (/group|coordinatorkey|^key/.test(path) && !/instance|topic/.test(path)) return dice.pick(GROUPS);
  if (/topic|^name/.test(path)) return dice.pick(known.topics).name;
  if (/memberid/.test(path)) return dice.pick(['', '', 'member']);
  if (/protocol/.test(path)) return dice.pick(['consumer', 'range']);
  return dice.pick(['', 'a', 'fuzz', '1.0']);
}
