/** We are wrong: an internal belief does not hold. Never caused by input; stops the partition or the process. */
export class AssertionFailure extends Error {
  constructor(message: string) {
    super(`Assertion failed: ${message}. This is a defect in Moldau; please report it with this text.`);
    this.name = 'AssertionFailure';
  }
}

/** Checks what we believe; stays on in production. Build `message` cheaply: it is evaluated on every call. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionFailure(message);
}

/** The value, which we believe to be there. */
export function must<T>(value: T | null | undefined, message: string): T {
  if (value === null || value === undefined) throw new AssertionFailure(message);
  return value;
}

/** The end of an exhaustive switch: the compiler refuses a missing case, and a wrong value at run time is loud. */
export function unreachable(value: never): never {
  throw new AssertionFailure(`unexpected value ${JSON.stringify(value)}`);
}
