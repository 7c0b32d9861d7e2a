// Writes the JavaScript that decodes one version of a message: one function, no call per field, positions in a local.
//
// Always: no byte at or past `end` is read; a count or length is compared with what is left before anything is made from
// it; every failure is a ProtocolError. Runs of fields whose first bytes are of known number share one bounds check.
import type { Message } from '../description/message.ts';
import { defaultExpression, type FieldLayout, layoutOf, type StructLayout, structDefaultLiteral } from './layout.ts';
import { reading } from './reading.ts';

/** Decodes from `position`; leaves the position behind the message in `reading.position`. */
export type Decoder = (bytes: Buffer, position: number, end: number) => unknown;

export function compileDecoder(message: Message, version: number): Decoder {
  // Only our own descriptions come in here, never anything from the wire.
  return new Function('$', decoderSource(message, version))(reading) as Decoder;
}

export function decoderSource(message: Message, version: number): string {
  const source = new DecoderSource();
  const value = source.struct(layoutOf(message, version), 'end', message.name, false);
  return [
    "'use strict';",
    ...source.shared,
    `return function decode${message.name}V${version}(b, p, end) {`,
    ...source.lines,
    '$.position = p;',
    `return ${value};`,
    '};',
  ].join('\n');
}

class DecoderSource {
  readonly lines: string[] = [];
  /** Declarations outside the function: defaults of structs, frozen, made once. */
  readonly shared: string[] = [];
  #names = 0;

  /** Emits the reading of a struct and returns an object literal of its fields. `checked`: bounds were checked outside. */
  struct(struct: StructLayout, end: string, path: string, checked: boolean): string {
    const values = new Map<FieldLayout, string>();
    struct.inPlace.forEach((field, index) => {
      if (!checked && startsRun(struct, index)) this.#checkRun(struct, index, end, path);
      values.set(field, this.#value(field, end, checked));
    });
    if (struct.flexible) this.#taggedFields(struct, values, end, path);
    const members = struct.fields.map((field) => `${field.name}: ${values.get(field) ?? this.#default(field)}`);
    return `{ ${members.join(', ')} }`;
  }

  /** One bounds check for all that can be read from here on without looking at a length. */
  #checkRun(struct: StructLayout, from: number, end: string, path: string): void {
    const leads: (string | number)[] = [];
    let total = 0;
    let index = from;
    for (; index < struct.inPlace.length; index++) {
      const field = struct.inPlace[index]!;
      leads.push(field.path, field.leadBytes);
      total += field.leadBytes;
      if (field.fixedBytes === undefined) break;
    }
    if (index === struct.inPlace.length && struct.flexible) {
      leads.push(`${path} (tagged fields)`, 1);
      total += 1;
    }
    if (total > 0)
      this.lines.push(`if (p + ${total} > ${end}) throw $.truncated(${end} - p, ${JSON.stringify(leads)});`);
  }

  /** Emits the reading of a value whose lead bytes are known to be there; returns the name that holds it. */
  #value(field: FieldLayout, end: string, checked: boolean): string {
    const name = this.#name();
    const { lines } = this;
    const path = JSON.stringify(field.path);
    switch (field.kind) {
      case 'bool':
        lines.push(`const ${name} = b[p] !== 0; p += 1;`);
        break;
      case 'int8':
        lines.push(`const ${name} = (b[p] << 24) >> 24; p += 1;`);
        break;
      case 'int16':
        lines.push(`const ${name} = ((b[p] << 24) >> 16) | b[p + 1]; p += 2;`);
        break;
      case 'uint16':
        lines.push(`const ${name} = (b[p] << 8) | b[p + 1]; p += 2;`);
        break;
      case 'int32':
        lines.push(`const ${name} = ${int32('p')}; p += 4;`);
        break;
      case 'uint32':
        lines.push(`const ${name} = (${int32('p')}) >>> 0; p += 4;`);
        break;
      case 'int64': {
        const [high, low] = [this.#name(), this.#name()];
        lines.push(`const ${high} = ${int32('p')}, ${low} = (${int32('p', 4)}) >>> 0; p += 8;`);
        const near = `${high} > -2097152 && ${high} < 2097151`;
        lines.push(`const ${name} = ${near} ? ${high} * 4294967296 + ${low} : $.farInt64(${high}, ${low}, ${path});`);
        break;
      }
      case 'float64':
        lines.push(`const ${name} = $.float64(b, p); p += 8;`);
        break;
      case 'uuid':
        lines.push(`const ${name} = b.base64urlSlice(p, p + 16); p += 16;`);
        break;
      case 'string':
      case 'bytes':
      case 'records':
        this.#sized(field, name, end);
        break;
      case 'array':
        this.#array(field, name, end);
        break;
      case 'struct':
        if (field.nullable) {
          lines.push(`let ${name} = null;`, 'if (b[p++] < 128) {');
          lines.push(`${name} = ${this.struct(field.struct!, end, field.path, false)};`, '}');
        } else {
          const known = checked || field.struct!.fixedBytes !== undefined;
          lines.push(`const ${name} = ${this.struct(field.struct!, end, field.path, known)};`);
        }
        break;
    }
    return name;
  }

  /** Strings and bytes: a length, then so many bytes. */
  #sized(field: FieldLayout, name: string, end: string): void {
    const { lines } = this;
    const path = JSON.stringify(field.path);
    const length = this.#length(field, end);
    const make = field.kind === 'string' ? `b.utf8Slice(p, p + ${length})` : `b.subarray(p, p + ${length})`;
    lines.push(`let ${name} = null;`, `if (${length} >= 0) {`);
    if (field.kind === 'string' && field.compact) {
      lines.push(`if (${length} > 32767) throw $.stringTooLong(${path}, ${length});`);
    }
    lines.push(`if (${length} > ${end} - p) throw $.tooLong(${path}, ${length}, ${end} - p);`);
    lines.push(`${name} = ${make}; p += ${length};`, this.#orNull(field));
  }

  #array(field: FieldLayout, name: string, end: string): void {
    const { lines } = this;
    const element = field.element!;
    // Otherwise a count could not be bounded by the bytes that are left.
    if (element.minBytes < 1) throw new Error(`${field.path}: elements may take no bytes`);
    const count = this.#length(field, end);
    lines.push(`let ${name} = null;`, `if (${count} >= 0) {`);
    const minBytes = element.minBytes;
    lines.push(
      `if (${count} * ${minBytes} > ${end} - p) throw $.tooMany(${JSON.stringify(field.path)}, ${count}, ${end} - p, ${minBytes});`,
    );
    // Numbers take no more memory than bytes on the wire; an empty string or struct of one byte becomes an object.
    if (element.struct || element.fixedBytes === undefined) {
      lines.push(`if (($.elementsLeft -= ${count}) < 0) throw $.tooManyInAll(${JSON.stringify(field.path)});`);
    }
    lines.push(`${name} = [];`);
    const index = this.#name();
    lines.push(`for (let ${index} = 0; ${index} < ${count}; ${index}++) {`);
    const fixed = element.fixedBytes !== undefined;
    if (element.struct) {
      lines.push(`${name}.push(${this.struct(element.struct, end, element.path, fixed)});`);
    } else {
      if (!fixed) {
        const leads = JSON.stringify([element.path, element.leadBytes]);
        lines.push(`if (p + ${element.leadBytes} > ${end}) throw $.truncated(${end} - p, ${leads});`);
      }
      lines.push(`${name}.push(${this.#value(element, end, true)});`);
    }
    lines.push('}', this.#orNull(field));
  }

  /** Reads a length or count into a new name; -1 (or any negative) for null. */
  #length(field: FieldLayout, end: string): string {
    const name = this.#name();
    if (field.compact) this.#uvarint(name, end, field.path, ' - 1');
    else if (field.kind === 'string') this.lines.push(`const ${name} = ((b[p] << 24) >> 16) | b[p + 1]; p += 2;`);
    else this.lines.push(`const ${name} = ${int32('p')}; p += 4;`);
    return name;
  }

  /** The first byte is known to be there. */
  #uvarint(name: string, end: string, path: string, minus = ''): void {
    this.lines.push(`let ${name} = b[p];`);
    this.lines.push(
      `if (${name} < 128) p += 1; else { ${name} = $.uvarint(b, p, ${end}, ${JSON.stringify(path)}); p = $.position; }`,
    );
    if (minus !== '') this.lines.push(`${name} = ${name}${minus};`);
  }

  /** Closes the branch of a value that is not null. */
  #orNull(field: FieldLayout): string {
    return field.nullable ? '}' : `} else throw $.nullNotAllowed(${JSON.stringify(field.path)});`;
  }

  #taggedFields(struct: StructLayout, values: Map<FieldLayout, string>, end: string, path: string): void {
    const { lines } = this;
    for (const field of struct.tagged) {
      const name = this.#name();
      values.set(field, name);
      lines.push(`let ${name} = ${this.#default(field)};`);
    }
    const where = JSON.stringify(`${path} (tagged fields)`);
    // Without a field before it, or behind one of open length, nobody has checked that the count's first byte is there.
    const last = struct.inPlace.at(-1);
    if (last === undefined || last.fixedBytes === undefined) {
      lines.push(`if (p + 1 > ${end}) throw $.truncated(${end} - p, [${where}, 1]);`);
    }
    if (struct.tagged.length === 0) {
      lines.push(`if (b[p] === 0) p += 1; else p = $.skipTaggedFields(b, p, ${end}, ${where});`);
      return;
    }
    const [count, previous, tag, size, stop] = [this.#name(), this.#name(), this.#name(), this.#name(), this.#name()];
    this.#uvarint(count, end, `${path} (tagged fields)`);
    lines.push(`for (let ${previous} = -1; ${count} > 0; ${count}--) {`);
    lines.push(`if (p + 2 > ${end}) throw $.truncated(${end} - p, [${where}, 2]);`);
    this.#uvarint(tag, end, `${path} (tagged fields)`);
    lines.push(`if (${tag} <= ${previous}) throw $.tagOrder(${where}, ${tag}, ${previous});`);
    lines.push(`${previous} = ${tag};`, `if (p + 1 > ${end}) throw $.truncated(${end} - p, [${where}, 1]);`);
    this.#uvarint(size, end, `${path} (tagged fields)`);
    lines.push(`if (${size} > ${end} - p) throw $.tooLong(${where}, ${size}, ${end} - p);`);
    lines.push(`const ${stop} = p + ${size};`);
    lines.push(`switch (${tag}) {`);
    for (const field of struct.tagged) {
      lines.push(`case ${field.tag}: {`);
      const leads = JSON.stringify([field.path, field.leadBytes]);
      if (field.leadBytes > 0) {
        lines.push(`if (p + ${field.leadBytes} > ${stop}) throw $.truncated(${stop} - p, ${leads});`);
      }
      lines.push(`${values.get(field)} = ${this.#value(field, stop, false)};`);
      lines.push(`if (p !== ${stop}) throw $.tagSize(${JSON.stringify(field.path)}, ${size}, p - ${stop} + ${size});`);
      lines.push('break;', '}');
    }
    lines.push('}');
    lines.push(`p = ${stop};`, '}');
  }

  #default(field: FieldLayout): string {
    return defaultExpression(field, (struct) => {
      const name = this.#name();
      this.shared.push(`const ${name} = Object.freeze(${structDefaultLiteral(struct.struct!)});`);
      return name;
    });
  }

  #name(): string {
    return `v${this.#names++}`;
  }
}

/** A run starts at the first field of a struct and behind each field of open length. */
function startsRun(struct: StructLayout, index: number): boolean {
  return index === 0 || struct.inPlace[index - 1]!.fixedBytes === undefined;
}

function int32(position: string, offset = 0): string {
  const at = (n: number) => (offset + n === 0 ? `b[${position}]` : `b[${position} + ${offset + n}]`);
  return `(${at(0)} << 24) | (${at(1)} << 16) | (${at(2)} << 8) | ${at(3)}`;
}
