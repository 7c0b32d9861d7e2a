// One row of the bench: how it is measured on one side, and what its figures are.
import type { Peer } from '@moldau/conformance/peer/broker-process';
import type { Side } from '../sides.ts';

/** A figure of a row. The first of a row is what its line is about. */
export interface Figure {
  /** `throughput`, `processor`, `p50`, … */
  readonly name: string;
  readonly unit: string;
  readonly value: number;
  readonly better: 'higher' | 'lower';
  /** What the first round aims at, as a ratio to Apache Kafka (`of: 'peer'`) or as a plain value in `unit`. */
  readonly aim?: { readonly of: 'peer' | 'value'; readonly bound: number };
}

export interface RowContext {
  readonly side: Side;
  /** The side's running broker, warmed up. Rows with `ownBroker` start theirs instead and must not touch this. */
  broker(): Promise<Peer>;
  readonly quick: boolean;
  /** Measured seconds of a load. */
  readonly seconds: number;
  /** What other sides have measured of this row so far: by side, by figure. */
  readonly before: ReadonlyMap<string, readonly Figure[]>;
  /** What this side has measured of other rows. */
  measured(row: string): readonly Figure[] | undefined;
  /** What any side has measured of other rows: by side. */
  measuredBy(row: string): ReadonlyMap<string, readonly Figure[]>;
  say(text: string): void;
}

export interface Row {
  /** Key for `--rows`. */
  readonly key: string;
  readonly title: string;
  /** Heading under which it stands. */
  readonly group: string;
  /** Sides it makes no sense on. */
  readonly except?: readonly string[];
  measure(context: RowContext): Promise<readonly Figure[]>;
}

let topics = 0;

/** A topic name that no other row of this run uses. */
export function freshTopic(what: string): string {
  topics++;
  return `bench-${what}-${topics}`;
}

/** Value of a figure, or undefined. */
export function figure(figures: readonly Figure[] | undefined, name: string): number | undefined {
  return figures?.find((one) => one.name === name)?.value;
}
