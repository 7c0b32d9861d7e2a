// A failing disk for one process: its writes and syncs under one directory become slow, or one of them fails with EIO. A
// library in front of libc's own calls (disk-faults.c, compiled by src/install.ts), since not every kernel has a device
// mapper; whoever uses it cannot tell it from a disk. What it is told holds from the next call on.

import { createHash } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { cache } from '../../peer/paths.ts';
import { tryCommand } from './run-command.ts';

const SOURCE = join(import.meta.dirname, 'disk-faults.c');

/** Where the compiled library lies; another one for each state of its source. */
export function diskFaultsLibrary(): string {
  const digest = createHash('sha256').update(readFileSync(SOURCE)).digest('hex').slice(0, 12);
  return join(cache, `disk-faults-${digest}.so`);
}

/** Compiles it. False where there is no compiler. */
export function compileDiskFaults(): boolean {
  mkdirSync(cache, { recursive: true });
  return tryCommand('gcc', '-shared', '-fPIC', '-O2', '-Wall', '-o', diskFaultsLibrary(), SOURCE, '-ldl');
}

export type DiskCall = 'write' | 'sync';

const BITS: Readonly<Record<DiskCall | 'both', bigint>> = { write: 1n, sync: 2n, both: 3n };
/** The page that the library maps. */
const CONTROL_BYTES = 4_096;
const FAILED_AT = 24;
const SEEN_AT = 32;

export class DiskFaults {
  readonly #control: string;
  readonly #directory: string;

  /** Of what is under `directory`, for a process that is started with `env`. */
  constructor(folder: string, name: string, directory: string) {
    this.#control = join(folder, `${name}.disk-faults`);
    this.#directory = directory;
    writeFileSync(this.#control, Buffer.alloc(CONTROL_BYTES));
  }

  /** Can there be one here? */
  static get possible(): boolean {
    return existsSync(diskFaultsLibrary());
  }

  get env(): Readonly<Record<string, string>> {
    return {
      LD_PRELOAD: diskFaultsLibrary(),
      DISK_FAULTS_CONTROL: this.#control,
      DISK_FAULTS_DIRECTORY: this.#directory,
    };
  }

  /** Each write and each sync takes so much longer. */
  slow(delayMs: number): void {
    this.#tell(BigInt(Math.round(delayMs * 1_000)), 0n, BITS.both);
  }

  /** The n-th such call from now on (1 the next) fails with EIO; those after it succeed. */
  failCall(n: number, call: DiskCall): void {
    this.#tell(0n, BigInt(n), BITS[call]);
  }

  /** A disk like any other again. */
  mend(): void {
    this.#tell(0n, 0n, 0n);
  }

  /** How many calls have failed. */
  get failed(): number {
    return this.#number(FAILED_AT);
  }

  /** How many calls a fault that was on has looked at. */
  get seen(): number {
    return this.#number(SEEN_AT);
  }

  #tell(...numbers: readonly bigint[]): void {
    const bytes = Buffer.alloc(numbers.length * 8);
    for (const [i, number] of numbers.entries()) bytes.writeBigInt64LE(number, i * 8);
    // In place: the process has this very file mapped.
    const file = openSync(this.#control, 'r+');
    writeSync(file, bytes, 0, bytes.length, 0);
    closeSync(file);
  }

  #number(at: number): number {
    const bytes = Buffer.alloc(8);
    const file = openSync(this.#control, 'r');
    readSync(file, bytes, 0, 8, at);
    closeSync(file);
    return Number(bytes.readBigInt64LE(0));
  }
}
