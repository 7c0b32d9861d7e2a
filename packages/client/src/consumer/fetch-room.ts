// How much may be fetched: the bytes of a consumer's bound, shared between brokers. Pure.
// Bound: what waits to be polled, what handlers have in hand and what requests under way may bring are together at most
// `bytesMax`, but for an answer that a broker makes larger because its first batch is larger than asked for.
// Always: a request reserves what it may bring until it is over, however long that takes; so none may reserve what others
// will need. Each broker that serves something here has a share, and while the cluster has brokers that serve nothing yet,
// one more is kept for the first of them to do so. Only a bound of less than a partition's worth for each broker makes them
// take turns.
export class FetchRoom {
  readonly #bytesMax: number;
  readonly #partitionBytesMax: number;
  readonly #requestBytesMax: number;
  readonly #heldBytes: () => number;
  readonly #reserved = new Map<number, number>();
  #bufferedBytes = 0;

  constructor(o: {
    bytesMax: number;
    /** Most that one partition brings in one answer (max.partition.fetch.bytes). */
    partitionBytesMax: number;
    /** Most of one answer (fetch.max.bytes). */
    requestBytesMax: number;
    /** Bytes of records that handlers have in hand. */
    heldBytes: () => number;
  }) {
    this.#bytesMax = o.bytesMax;
    this.#partitionBytesMax = o.partitionBytesMax;
    this.#requestBytesMax = o.requestBytesMax;
    this.#heldBytes = o.heldBytes;
  }

  /** Fetched and not handed out. */
  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  /** Brokers with a request under way. */
  get asked(): Iterable<number> {
    return this.#reserved.keys();
  }

  /** What is held for the application leaves no room: it has to take some first. */
  get isFull(): boolean {
    const taken = this.#bufferedBytes + this.#heldBytes();
    return taken > 0 && this.#bytesMax - taken < this.#partitionBytesMax;
  }

  /** What each of so many brokers may ask for at a time. */
  shareOf(brokers: number): number {
    return Math.max(this.#partitionBytesMax, Math.floor(this.#bytesMax / Math.max(1, brokers)));
  }

  /** What a request for so many partitions may bring: 0 unless there is room for one partition's worth. */
  roomFor(partitions: number, share: number): number {
    let taken = this.#bufferedBytes + this.#heldBytes();
    for (const bytes of this.#reserved.values()) taken += bytes;
    const room = this.#bytesMax - taken;
    if (taken > 0 && room < this.#partitionBytesMax) return 0;
    return Math.min(room, share, this.#requestBytesMax, partitions * this.#partitionBytesMax);
  }

  reserve(nodeId: number, bytes: number): void {
    this.#reserved.set(nodeId, bytes);
  }

  /** The request to the broker is over. */
  free(nodeId: number): void {
    this.#reserved.delete(nodeId);
  }

  hold(bytes: number): void {
    this.#bufferedBytes += bytes;
  }

  release(bytes: number): void {
    this.#bufferedBytes -= bytes;
  }

  clear(): void {
    this.#bufferedBytes = 0;
  }
}
