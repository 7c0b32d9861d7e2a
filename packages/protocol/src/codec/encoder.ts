// Writes the JavaScript that encodes one version of a message: one function, with buffer and position in locals.
//
// Always: a value outside the range of its type is refused, never cut; a field left out is written as its default when it
// may be left out, else refused; a value for a field that the version lacks is refused unless it is the default or the
// field is ignorable. Runs of fields whose first bytes are of known number share one check for room.
import type { Message } from '../description/message.ts';
import { type ByteWriter, REFERENCE_BYTES } from './byte-writer.ts';
import { defaultExpression, type FieldLayout, layoutOf, type StructLayout, structDefaultLiteral } from './layout.ts';
import { writing } from './writing.ts';

/** Appends the message to the writer. After a throw the writer is of no use. */
export type Encoder = (value: unknown, writer: ByteWriter) => void;

/** Compact strings of so few characters have a length of one byte, whatever the characters are: 3 × 42 + 1 < 128. */
const ONE_BYTE_LENGTH = 42;

export function compileEncoder(message: Message, version: number): Encoder {
  // Only our own descriptions come in here, never anything from the wire.
  return new Function('$', encoderSource(message, version))(writing) as Encoder;
}

export function encoderSource(message: Message, version: number): string {
  const source = new EncoderSource(message.name, version);
  source.struct(layoutOf(message, version), 'o', '');
  return [
    "'use strict';",
    ...source.shared,
    `return function encode${message.name}V${version}(o, w) {`,
    'let b = w.buffer, p = w.position;',
    ...source.lines,
    'w.position = p;',
    '};',
  ].join('\n');
}

class EncoderSource {
  readonly #message: string;
  readonly #version: number;
  readonly lines: string[] = [];
  /** Declarations outside the function: defaults of structs, and how to know them. */
  readonly shared: string[] = [];
  #names = 0;

  constructor(message: string, version: number) {
    this.#message = message;
    this.#version = version;
  }

  struct(struct: StructLayout, object: string, path: string): void {
    this.lines.push(
      `if (typeof ${object} !== 'object' || ${object} === null) throw $.notA('a struct', ${quote(path)}, ${object});`,
    );
    for (const field of struct.fields) if (!field.present && !field.ignorable) this.#refuse(field, object);
    struct.inPlace.forEach((field, index) => {
      if (index === 0 || !staysInRun(struct.inPlace[index - 1]!)) this.#room(runBytes(struct, index));
      this.#value(field, this.#given(field, object));
    });
    if (struct.flexible) this.#taggedFields(struct, object);
  }

  /** A field that the version lacks may only be given as its default. */
  #refuse(field: FieldLayout, object: string): void {
    const value = this.#name();
    const refusal = `$.notInVersion(${quote(field.path)}, ${quote(this.#message)}, ${this.#version})`;
    this.lines.push(`const ${value} = ${object}.${field.name};`);
    this.lines.push(`if (${value} !== undefined && !(${this.#isDefault(field, value)})) throw ${refusal};`);
  }

  /** Emits the look-up of a field in its object. */
  #given(field: FieldLayout, object: string): string {
    const value = this.#name();
    if (field.omissible) {
      this.lines.push(`let ${value} = ${object}.${field.name};`);
      this.lines.push(`if (${value} === undefined) ${value} = ${this.#default(field)};`);
    } else {
      this.lines.push(`const ${value} = ${object}.${field.name};`);
    }
    return value;
  }

  /** Emits the writing of a value; there is room for its lead (`leadRoom`). */
  #value(field: FieldLayout, value: string): void {
    const { lines } = this;
    const path = quote(field.path);
    const check = (bad: string, what: string) =>
      lines.push(`if (${bad}) throw $.notA(${quote(what)}, ${path}, ${value});`);
    switch (field.kind) {
      case 'bool':
        check(`typeof ${value} !== 'boolean'`, 'true or false');
        lines.push(`b[p] = ${value} ? 1 : 0; p += 1;`);
        break;
      case 'int8':
        check(`(${value} << 24) >> 24 !== ${value}`, 'an int8');
        lines.push(`b[p] = ${value}; p += 1;`);
        break;
      case 'int16':
        check(`(${value} << 16) >> 16 !== ${value}`, 'an int16');
        lines.push(`b[p] = ${value} >> 8; b[p + 1] = ${value}; p += 2;`);
        break;
      case 'uint16':
        check(`(${value} & 65535) !== ${value}`, 'a uint16');
        lines.push(`b[p] = ${value} >> 8; b[p + 1] = ${value}; p += 2;`);
        break;
      case 'int32':
        check(`(${value} | 0) !== ${value}`, 'an int32');
        lines.push(`${putInt32(value)} p += 4;`);
        break;
      case 'uint32':
        check(`${value} >>> 0 !== ${value}`, 'a uint32');
        lines.push(`${putInt32(value)} p += 4;`);
        break;
      case 'int64': {
        const [high, low] = [this.#name(), this.#name()];
        lines.push(`const ${low} = ${value} | 0;`);
        lines.push(`const ${high} = ${low} === ${value} ? ${low} >> 31 : $.int64High(${value}, ${path});`);
        lines.push(`${putInt32(high)} ${putInt32(low, 4)} p += 8;`);
        break;
      }
      case 'float64':
        lines.push(`$.float64(b, p, ${value}, ${path}); p += 8;`);
        break;
      case 'uuid':
        lines.push(`$.uuid(b, p, ${value}, ${path}); p += 16;`);
        break;
      case 'string':
        this.#orNull(field, value, () => this.#string(field, value));
        break;
      case 'bytes':
      case 'records':
        this.#orNull(field, value, () => this.#bytes(field, value));
        break;
      case 'array':
        this.#orNull(field, value, () => this.#array(field, value));
        break;
      case 'struct':
        if (field.nullable) lines.push(`if (${value} === null) b[p++] = 255; else {`, 'b[p++] = 1;');
        this.struct(field.struct!, value, field.path);
        if (field.nullable) lines.push('}');
        break;
    }
  }

  #orNull(field: FieldLayout, value: string, write: () => void): void {
    const { lines } = this;
    if (!field.nullable) {
      write();
      return;
    }
    lines.push(`if (${value} === null) {`);
    if (field.compact) lines.push('b[p++] = 0;');
    else if (field.kind === 'string') lines.push('b[p] = 255; b[p + 1] = 255; p += 2;');
    else lines.push(`${putInt32('-1')} p += 4;`);
    lines.push('} else {');
    write();
    lines.push('}');
  }

  #string(field: FieldLayout, value: string): void {
    const { lines } = this;
    const path = quote(field.path);
    const bytes = this.#name();
    lines.push(`if (typeof ${value} !== 'string') throw $.notA('a string', ${path}, ${value});`);
    // Long strings are measured first: their length may be refused, or be of two bytes or three.
    const short = field.compact ? ONE_BYTE_LENGTH : 8192;
    lines.push(`let ${bytes} = 0;`, `if (${value}.length > ${short}) {`);
    lines.push(`${bytes} = $.stringBytes(${value}, ${path});`);
    this.#room(`${bytes} + 5`);
    if (field.compact) lines.push(`p = $.uvarint(b, p, ${bytes} + 1);`);
    else lines.push(`b[p] = ${bytes} >> 8; b[p + 1] = ${bytes}; p += 2;`);
    lines.push(`$.utf8(b, p, ${value}); p += ${bytes};`, '} else {');
    this.#room(`${value}.length * 3 + 2`);
    if (field.compact) lines.push(`${bytes} = $.utf8(b, p + 1, ${value}); b[p] = ${bytes} + 1; p += 1 + ${bytes};`);
    else {
      lines.push(
        `${bytes} = $.utf8(b, p + 2, ${value}); b[p] = ${bytes} >> 8; b[p + 1] = ${bytes}; p += 2 + ${bytes};`,
      );
    }
    lines.push('}');
  }

  /** Small byte strings are copied in place, large ones and lists of chunks go to the writer. */
  #bytes(field: FieldLayout, value: string): void {
    const { lines } = this;
    const path = quote(field.path);
    const size = this.#name();
    if (field.kind === 'bytes') {
      lines.push(`if (!(${value} instanceof Uint8Array)) throw $.notA('bytes', ${path}, ${value});`);
      lines.push(`const ${size} = ${value}.length;`);
    } else {
      lines.push(
        `const ${size} = ${value} instanceof Uint8Array ? ${value}.length : $.sizeOfChunks(${value}, ${path});`,
      );
    }
    this.#length(field, size);
    const copied = field.kind === 'bytes' ? '' : ` && ${value} instanceof Uint8Array`;
    lines.push(`if (${size} < ${REFERENCE_BYTES}${copied}) {`);
    this.#room(size);
    lines.push(`b.set(${value}, p); p += ${size};`);
    lines.push(`} else { w.position = p; $.append(w, ${value}); b = w.buffer; p = w.position; }`);
  }

  #array(field: FieldLayout, value: string): void {
    const { lines } = this;
    const element = field.element!;
    const [count, index, each] = [this.#name(), this.#name(), this.#name()];
    lines.push(`if (!Array.isArray(${value})) throw $.notA('a list', ${quote(field.path)}, ${value});`);
    lines.push(`const ${count} = ${value}.length;`);
    this.#length(field, count);
    const scalar = element.kind !== 'struct' && element.fixedBytes !== undefined;
    if (scalar) this.#room(`${count} * ${element.fixedBytes}`);
    lines.push(`for (let ${index} = 0; ${index} < ${count}; ${index}++) {`, `const ${each} = ${value}[${index}];`);
    if (!scalar) this.#room(leadRoom(element));
    this.#value(element, each);
    lines.push('}');
  }

  /** There is room for it. */
  #length(field: FieldLayout, count: string): void {
    if (field.compact) {
      this.lines.push(`if (${count} < 127) b[p++] = ${count} + 1; else p = $.uvarint(b, p, ${count} + 1);`);
    } else {
      this.lines.push(`${putInt32(count)} p += 4;`);
    }
  }

  #taggedFields(struct: StructLayout, object: string): void {
    const { lines } = this;
    const last = struct.inPlace.at(-1);
    if (last === undefined || !staysInRun(last)) this.#room(1);
    if (struct.tagged.length === 0) {
      lines.push('b[p++] = 0;');
      return;
    }
    const given = struct.tagged.map((field) => {
      const value = this.#given(field, object);
      const set = this.#name();
      lines.push(`const ${set} = !(${this.#isDefault(field, value)});`);
      return { field, value, set };
    });
    lines.push(`b[p++] = ${given.map(({ set }) => `(${set} ? 1 : 0)`).join(' + ')};`);
    for (const { field, value, set } of given) {
      lines.push(`if (${set}) {`);
      const size = writtenBytes(field);
      if (size !== undefined && size < 128) {
        this.#room(size + 2);
        lines.push(`b[p] = ${field.tag}; b[p + 1] = ${size}; p += 2;`);
        this.#value(field, value);
      } else {
        this.#measured(field, value);
      }
      lines.push('}');
    }
  }

  /** A tagged field of open length goes through a writer of its own, since its size comes before it. */
  #measured(field: FieldLayout, value: string): void {
    const { lines } = this;
    const [outer, inner] = [this.#name(), this.#name()];
    lines.push(`const ${outer} = w; w.position = p;`);
    lines.push('w = new $.ByteWriter(256); b = w.buffer; p = 0;');
    this.#room(leadRoom(field));
    this.#value(field, value);
    lines.push(`w.position = p; const ${inner} = w; w = ${outer}; b = w.buffer; p = w.position;`);
    this.#room(6);
    lines.push(`b[p] = ${field.tag}; p = $.uvarint(b, p + 1, ${inner}.length);`);
    lines.push(`w.position = p; $.appendAll(w, ${inner}); b = w.buffer; p = w.position;`);
  }

  /** An expression that is true when the value is what a left-out field stands for. */
  #isDefault(field: FieldLayout, value: string): string {
    const standsFor = defaultExpression(field, () => 'struct');
    if (field.kind === 'array' || field.kind === 'bytes' || field.kind === 'records') {
      return standsFor === 'null' ? `${value} === null` : `(${value} !== null && ${value}.length === 0)`;
    }
    if (field.kind !== 'struct' || standsFor === 'null') return `${value} === ${standsFor}`;
    const name = this.#name();
    const members = field.struct!.fields.map(
      (member) => `(s.${member.name} === undefined || ${this.#isDefault(member, `s.${member.name}`)})`,
    );
    this.shared.push(`const ${name} = (s) => s !== null && ${members.join(' && ')};`);
    return `${name}(${value})`;
  }

  #default(field: FieldLayout): string {
    return defaultExpression(field, (struct) => {
      const name = this.#name();
      this.shared.push(`const ${name} = Object.freeze(${structDefaultLiteral(struct.struct!)});`);
      return name;
    });
  }

  #room(bytes: number | string): void {
    if (bytes === 0) return;
    this.lines.push(
      `if (p + ${bytes} > b.length) { w.position = p; w.reserve(${bytes}); b = w.buffer; p = w.position; }`,
    );
  }

  #name(): string {
    return `v${this.#names++}`;
  }
}

/** Room that `#value` expects: the whole of a value of fixed size, or a length, or the mark of null. */
function leadRoom(field: FieldLayout): number {
  if (field.kind === 'struct') return field.nullable ? 1 : 0;
  if (field.fixedBytes !== undefined) return field.fixedBytes;
  return field.kind === 'string' ? 2 : 5;
}

/** Behind such a field the room taken for the run is still there. */
function staysInRun(field: FieldLayout): boolean {
  return field.fixedBytes !== undefined && field.kind !== 'struct';
}

function runBytes(struct: StructLayout, from: number): number {
  let total = 0;
  for (const field of struct.inPlace.slice(from)) {
    total += leadRoom(field);
    if (!staysInRun(field)) return total;
  }
  return struct.flexible ? total + 1 : total;
}

/** Bytes that we write for every value, where that is one number: unlike a reader we know that no unknown tags follow. */
function writtenBytes(field: FieldLayout): number | undefined {
  if (!field.struct) return field.fixedBytes;
  if (field.nullable || field.struct.tagged.length > 0) return undefined;
  let total = field.struct.flexible ? 1 : 0;
  for (const member of field.struct.inPlace) {
    const bytes = writtenBytes(member);
    if (bytes === undefined) return undefined;
    total += bytes;
  }
  return total;
}

function putInt32(value: string, offset = 0): string {
  const at = (n: number) => (offset + n === 0 ? 'b[p]' : `b[p + ${offset + n}]`);
  return `${at(0)} = ${value} >> 24; ${at(1)} = ${value} >> 16; ${at(2)} = ${value} >> 8; ${at(3)} = ${value};`;
}

function quote(text: string): string {
  return JSON.stringify(text);
}
