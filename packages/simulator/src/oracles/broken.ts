// What an oracle throws.

/** An invariant does not hold. Its number is that of docs/simulator.md. */
export class Broken extends Error {
  readonly invariant: number;
  constructor(invariant: number, detail: string) {
    super(`invariant ${invariant}: ${detail}`);
    this.name = 'Broken';
    this.invariant = invariant;
  }
}
