// The port behind which somebody keeps the metadata log (DESIGN D4). Four duties: elect one controller with a fencing
// epoch, append atomically under that epoch, let everyone follow in order, know which brokers are alive.
// Engines stand in `engines/`: embedded (a fsynced file beside the data) is here, others fit the same port.
import type { ClusterImage } from './image.ts';
import type { BrokerEndpoint, MetadataBatch, MetadataRecord } from './records.ts';

/**
 * Told of each picture in the order of the log, synchronously, before the append that made it is answered. `batch` holds the
 * records that take effect with it: those of a decision in parts with its last part (`ClusterImage.inEffect`).
 */
export type ImageListener = (image: ClusterImage, previous: ClusterImage, batch: MetadataBatch) => void;

/**
 * Work that a batch asks for and that takes many turns of the event loop (making ten thousand logs): done between the batch
 * becoming durable and its being told to this follower, one batch at a time. Undefined when there is nothing to wait for; a
 * rejection is a defect.
 */
export type ImagePreparation = (
  image: ClusterImage,
  previous: ClusterImage,
  batch: MetadataBatch,
) => Promise<void> | undefined;

/** Being the controller. */
export interface Leadership {
  /** Higher than that of every controller before. */
  readonly epoch: number;
  /** Called once when this leadership is over; nothing more can be appended under its epoch. */
  onLost(listener: (why: string) => void): void;
}

/** Who a broker says it is when it starts. */
export interface BrokerRegistration {
  readonly brokerId: number;
  readonly incarnationId: string;
  readonly endpoints: readonly BrokerEndpoint[];
  readonly rack: string | null;
  /**
   * The broker epoch under which its logs were closed in order; -1 when they were not, or never were (KIP-966);
   * RECORDS_LOST when they lack what was promised.
   */
  readonly previousBrokerEpoch: number;
}

/**
 * In place of a previous broker epoch: the logs were not closed in order, and recovery found less of a durable topic than had
 * been known to be safe. Only a disk that loses what it confirmed, or damages it, brings that about.
 */
export const RECORDS_LOST = -2;

/** A broker that is known as alive. */
export interface AliveBroker extends BrokerRegistration {
  readonly brokerEpoch: number;
}

/** A registration that holds. */
export interface Registration {
  /** Higher than at every start before, of this broker and of any other. */
  readonly brokerEpoch: number;
  /** Called once when the store has given this broker up (its session expired): it has to register again. */
  onLost(listener: (why: string) => void): void;
}

/** One broker's view of the store that keeps the metadata log. */
export interface MetadataEngine {
  /** The newest picture that this broker has applied. */
  readonly image: ClusterImage;
  /**
   * The picture with the appends that are under way: what the controller decides on, and nobody else believes. While this
   * broker does not lead it is `image`.
   */
  readonly pending: ClusterImage;
  /** No cluster was ever formed in this store. */
  readonly fresh: boolean;

  /** Names the cluster of a fresh store. Answers the id that holds: the first one to form wins. */
  form(clusterId: string): Promise<string>;

  /** Stands for election; answers when elected. Call again when a leadership was lost. */
  elect(brokerId: number): Promise<Leadership>;

  /**
   * Adds one batch behind offset `after`; answers its offset once it is durable, applied on this broker, and its followers
   * here were told. Appends may follow each other without waiting: pass `pending.offset`. Records that `pending` cannot
   * take are a defect and throw before anything is written.
   * Throws EngineError FENCED (the epoch is not the newest), STALE (something else is at that place: decide again), FULL
   * (nothing was written; try later), FAILED (this engine takes nothing any more).
   */
  append(epoch: number, after: number, records: readonly MetadataRecord[]): Promise<number>;

  /** Largest JSON of one batch's records that the store takes, in bytes; the controller makes parts of what is larger. */
  readonly batchBytesMax: number;

  /** Calls `listener` for every later batch, after what `prepare` asks for. Answers how to stop. At most one prepares. */
  follow(listener: ImageListener, prepare?: ImagePreparation): () => void;

  /** Makes this broker known as alive until `leave`, or until the store gives it up. The controller writes it into the log. */
  register(registration: BrokerRegistration): Promise<Registration>;

  /** Takes this broker out in order, with its leadership if it has one; for one that stops by itself. */
  leave(brokerId: number): Promise<void>;

  /**
   * This broker saw that the process of the controller `brokerId` is gone: lets another be elected without waiting for its
   * session to end. Costs nothing where it was wrong: a controller that lives goes on until somebody else is elected, and is
   * fenced by that epoch. Does nothing when another broker is the controller by now.
   */
  unseat(brokerId: number): Promise<void>;

  /** The brokers that are alive now, by id, as far as this broker knows. */
  aliveBrokers(): readonly AliveBroker[];

  /** Calls `listener` after each change of `aliveBrokers`. Answers how to stop. */
  onAliveChanged(listener: () => void): () => void;

  /**
   * When the store last confirmed that this broker's session holds, in monotonic milliseconds; Infinity where a session
   * cannot expire. A broker that was not confirmed for longer than `sessionTimeoutMs` may have been given up (invariant 26).
   */
  readonly sessionConfirmedAtMs: number;
  readonly sessionTimeoutMs: number;

  /** Ends this broker's part in the store. Waits for what is being written. */
  close(): Promise<void>;
}

/** Why an engine said no. */
export type EngineErrorCode = 'FENCED' | 'STALE' | 'FULL' | 'FAILED' | 'CORRUPT' | 'FOREIGN' | 'CLOSED';

export class EngineError extends Error {
  readonly code: EngineErrorCode;
  constructor(code: EngineErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EngineError';
    this.code = code;
  }
}
