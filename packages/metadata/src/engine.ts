// The port behind which somebody keeps the metadata log (DESIGN D4). Four duties: elect one controller with a fencing
// epoch, append atomically under that epoch, let everyone follow in order, know which brokers are alive.
// Engines stand in `engines/`: embedded (a fsynced file beside the data) is here, others fit the same port.
import type { ClusterImage } from './image.ts';
import type { BrokerEndpoint, MetadataBatch, MetadataRecord } from './records.ts';

/** Told of each picture in the order of the log, synchronously, before the append that made it is answered. */
export type ImageListener = (image: ClusterImage, previous: ClusterImage, batch: MetadataBatch) => void;

/** See `MetadataEngine.prepareWith`; undefined when there is nothing to wait for. */
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
}

/** A registration that holds. */
export interface AliveBroker extends BrokerRegistration {
  readonly brokerEpoch: number;
}

export interface MetadataEngine {
  /** The newest committed picture. */
  readonly image: ClusterImage;
  /** The picture with the appends that are under way: what the controller decides on, and nobody else believes. */
  readonly pending: ClusterImage;

  /** Stands for election; answers when elected. Without rival candidates that is at once. */
  elect(brokerId: number): Promise<Leadership>;

  /**
   * Adds one batch behind offset `after`; answers its offset once it is durable, applied, and every follower in this
   * process was told. Appends may follow each other without waiting: pass `pending.offset`. Records that `pending` cannot
   * take are a defect and throw before anything is written.
   * Throws EngineError FENCED (the epoch is not the newest), STALE (something else is at that place: decide again), FULL
   * (nothing was written; try later), FAILED (this engine takes nothing any more).
   */
  append(epoch: number, after: number, records: readonly MetadataRecord[]): Promise<number>;

  /** Calls `listener` for every later batch. Answers how to stop. */
  follow(listener: ImageListener): () => void;

  /**
   * Work that a batch asks for and that takes many turns of the event loop (making ten thousand logs): done between the
   * batch becoming durable and its being told to followers, one batch at a time. A rejection is a defect. At most one.
   */
  prepareWith(preparation: ImagePreparation): void;

  /**
   * Makes this broker known as alive until `leave`, or until the engine finds it gone. Answers its broker epoch, which is
   * higher than at every start before. The controller writes the registration into the log.
   */
  register(registration: BrokerRegistration): Promise<number>;

  /** Takes a broker out in order; for one that stops by itself. */
  leave(brokerId: number): Promise<void>;

  /** The brokers that are alive now, by id. */
  aliveBrokers(): readonly AliveBroker[];

  /** Calls `listener` after each change of `aliveBrokers`. Answers how to stop. */
  onAliveChanged(listener: () => void): () => void;

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
