// Where a log that does not exist yet shall be made, when somebody has said so (KIP-113: LogManager.preferredLogDirs). Kept
// in memory only, as in Kafka: after a restart new logs go where the fewest are.

/** Names kept at a time; beyond it the oldest is forgotten. A reassignment names a few thousand at most. */
const NAMES_MAX = 10_000;

export class PreferredDirectories {
  readonly #paths = new Map<string, string>();

  /** The newest word holds. */
  set(topic: string, partition: number, path: string): void {
    const name = `${topic}-${partition}`;
    this.#paths.delete(name);
    this.#paths.set(name, path);
    if (this.#paths.size <= NAMES_MAX) return;
    const { value: oldest } = this.#paths.keys().next();
    if (oldest !== undefined) this.#paths.delete(oldest);
  }

  get(topic: string, partition: number): string | undefined {
    return this.#paths.get(`${topic}-${partition}`);
  }

  /** The log is there: the word is kept, and says nothing about one of that name that comes later. */
  done(topic: string, partition: number): void {
    this.#paths.delete(`${topic}-${partition}`);
  }
}
