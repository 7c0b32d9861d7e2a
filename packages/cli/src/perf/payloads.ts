// What the performance producer sends.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { CommandLineError } from '../command-line/option.ts';

/** Gives the value of record number `i`. */
export type Payloads = (i: number) => Uint8Array;

const LETTERS = 26;
const FIRST_LETTER = 65;

/** Random capital letters, anew for each record. */
export function randomPayloads(recordBytes: number, random: () => number): Payloads {
  // Filling each record letter by letter would measure the random generator: records are cuts of one long random text.
  const text = Buffer.allocUnsafe(Math.max(recordBytes * 2, 65_536));
  for (let i = 0; i < text.length; i++) text[i] = FIRST_LETTER + Math.floor(random() * LETTERS);
  return () => {
    const at = Math.floor(random() * (text.length - recordBytes));
    return text.subarray(at, at + recordBytes);
  };
}

/** The number of the record, in digits. */
export const countedPayloads: Payloads = (i) => Buffer.from(String(i));

/** Lines of a file, in random order. `say` gets what Kafka's tool says about it. */
export function filePayloads(
  path: string,
  delimiter: string,
  random: () => number,
  say: (text: string) => void,
): Payloads {
  say(`Reading payloads from: ${resolve(path)}\n`);
  let text = '';
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    // Said below, as for an empty file.
  }
  if (text === '') throw new CommandLineError('File does not exist or empty file provided.');
  const parts = text.split(new RegExp(delimiter));
  // A delimiter at the very end does not begin another payload.
  if (parts.at(-1) === '') parts.pop();
  const payloads = parts.map((part) => Buffer.from(part));
  say(`Number of records read: ${payloads.length}\n`);
  return () => payloads[Math.floor(random() * payloads.length)]!;
}
