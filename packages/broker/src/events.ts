// Every log event of the broker, declared once: name, level, meaning, fields. Code emits entries of these tables, never
// strings. The words go to a sink given by the process (node/log-sink.ts writes them as JSON lines).

/** Severities, least first. */
export const EVENT_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type EventLevel = (typeof EVENT_LEVELS)[number];

/** What an event field may hold. `duration` is milliseconds, `bytes` a count of bytes. */
export type FieldKind = 'text' | 'number' | 'boolean' | 'duration' | 'bytes' | 'error' | 'list';

/** One kind of event. */
export interface EventDefinition<Fields extends Record<string, FieldKind> = Record<string, FieldKind>> {
  readonly level: EventLevel;
  /** What happened, and what to do about it where something can be done. A sentence for the person on call. */
  readonly meaning: string;
  readonly fields: Fields;
  /** For what clients can cause at will: at most so many are written in ten seconds, the next says how many were left out. */
  readonly burstMax?: number;
}

interface FieldValues {
  text: string;
  number: number;
  boolean: boolean;
  duration: number;
  bytes: number;
  error: unknown;
  list: readonly (string | number)[];
}

/** The values one emission of `Definition` must carry. */
export type FieldsOf<Definition extends EventDefinition> = {
  readonly [Name in keyof Definition['fields']]: FieldValues[Definition['fields'][Name]];
};

/** An entry of a table: the definition under its full name. */
export type EventEntry<Definition extends EventDefinition = EventDefinition> = Definition & { readonly name: string };

/** Makes a table: each key becomes the event's name, after the area it belongs to (`connection.closed`). */
export function eventTable<const Table extends Record<string, EventDefinition>>(
  area: string,
  table: Table,
): { readonly [Key in keyof Table]: EventEntry<Table[Key]> } {
  const entries = Object.entries(table).map(([key, definition]) => [key, { ...definition, name: `${area}.${key}` }]);
  return Object.fromEntries(entries) as { readonly [Key in keyof Table]: EventEntry<Table[Key]> };
}

/** Where events go. `fields.error`, when there is one, is whatever was thrown. */
export interface LogSink {
  write(level: EventLevel, name: string, meaning: string, fields: Readonly<Record<string, unknown>>): void;
}

/** A sink that keeps nothing: for brokers inside somebody's test process. */
export const SILENT_SINK: LogSink = { write: () => {} };

/** Ten seconds of an event with a `burstMax`. */
interface Burst {
  startedAtMs: number;
  written: number;
  leftOut: number;
}

const burstMs = 10_000;

/** Emits events of the tables below from a chosen level on into a sink. */
export class EventLog {
  readonly #sink: LogSink;
  readonly #levelIndex: number;
  readonly #now: (() => number) | undefined;
  readonly #bursts = new Map<string, Burst>();

  /** `now` answers monotonic milliseconds; without it no event is left out. */
  constructor(sink: LogSink, level: EventLevel = 'info', now?: () => number) {
    this.#sink = sink;
    this.#levelIndex = EVENT_LEVELS.indexOf(level);
    this.#now = now;
  }

  /** The least severe level that is logged. */
  get level(): EventLevel {
    return EVENT_LEVELS[this.#levelIndex]!;
  }

  /** Records that `event` happened. Cheap when its level is off; never throws for a field's value. */
  emit<Definition extends EventDefinition>(event: EventEntry<Definition>, fields: FieldsOf<Definition>): void {
    if (EVENT_LEVELS.indexOf(event.level) < this.#levelIndex) return;
    const now = event.burstMax === undefined ? undefined : this.#now?.();
    const leftOut = now === undefined ? 0 : this.#countIn(event.name, event.burstMax!, now);
    if (leftOut < 0) return;
    this.#sink.write(event.level, event.name, event.meaning, leftOut === 0 ? fields : { ...fields, leftOut });
  }

  /** How many were left out before this one, or -1 when this one is. */
  #countIn(name: string, burstMax: number, now: number): number {
    let burst = this.#bursts.get(name);
    if (!burst) {
      burst = { startedAtMs: now, written: 0, leftOut: 0 };
      this.#bursts.set(name, burst);
    }
    let { leftOut } = burst;
    if (now - burst.startedAtMs >= burstMs) {
      burst.startedAtMs = now;
      burst.written = 0;
      burst.leftOut = 0;
    } else if (burst.written >= burstMax) {
      burst.leftOut++;
      return -1;
    } else leftOut = 0;
    burst.written++;
    return leftOut;
  }
}

/** Life of the broker process. */
export const BROKER_EVENTS = eventTable('broker', {
  started: {
    level: 'info',
    meaning: 'The broker accepts requests.',
    fields: { nodeId: 'number', clusterId: 'text', listeners: 'list', partitions: 'number', startMs: 'duration' },
  },
  stopping: { level: 'info', meaning: 'The broker stops: no new requests are taken.', fields: { reason: 'text' } },
  stopped: { level: 'info', meaning: 'The broker stopped in order.', fields: { stopMs: 'duration' } },
  stopStepFailed: {
    level: 'error',
    meaning: 'A step of the orderly stop failed; the next start may need recovery.',
    fields: { step: 'text', error: 'error' },
  },
});

/** Sockets and requests. */
export const CONNECTION_EVENTS = eventTable('connection', {
  opened: {
    level: 'debug',
    meaning: 'A client connected.',
    fields: { connection: 'number', remote: 'text', listener: 'text' },
  },
  closed: {
    level: 'debug',
    meaning: 'A connection ended.',
    fields: { connection: 'number', remote: 'text', reason: 'text' },
  },
  refused: {
    level: 'warn',
    burstMax: 10,
    meaning: 'A new connection was closed at once because a limit of connections is reached.',
    fields: { remote: 'text', listener: 'text', limit: 'text', limitValue: 'number' },
  },
  protocolViolation: {
    level: 'warn',
    burstMax: 10,
    meaning: 'A client sent bytes that are no valid request of a known API and version; its connection was closed.',
    fields: { connection: 'number', remote: 'text', listener: 'text', reason: 'text' },
  },
  frameOverdue: {
    level: 'warn',
    burstMax: 10,
    meaning: 'A request had begun but did not arrive whole in time; the connection was closed.',
    fields: { connection: 'number', remote: 'text', receivedBytes: 'bytes', frameBytes: 'bytes' },
  },
  requestFailed: {
    level: 'error',
    burstMax: 10,
    meaning:
      'A request ended in an unexpected error on our side; the client was told UNKNOWN_SERVER_ERROR or disconnected.',
    fields: { connection: 'number', remote: 'text', api: 'text', version: 'number', error: 'error' },
  },
  acceptFailed: {
    level: 'error',
    burstMax: 10,
    meaning: 'The listener could not take up a connection.',
    fields: { listener: 'text', error: 'error' },
  },
});

/** Who may do what. */
export const SECURITY_EVENTS = eventTable('security', {
  denied: {
    level: 'info',
    burstMax: 50,
    meaning:
      'Somebody asked for what the access rules do not allow, and was refused. kafka-acls shows and changes the rules.',
    fields: { principal: 'text', host: 'text', operation: 'text', resource: 'text', api: 'number', rule: 'text' },
  },
  authorizerStarted: {
    level: 'info',
    meaning: 'Requests are held to the access rules of the cluster.',
    fields: { acls: 'number', superUsers: 'list', allowEveryoneIfNoAclFound: 'boolean' },
  },
  brokersRefused: {
    level: 'error',
    burstMax: 2,
    meaning:
      'Another broker refuses this one: its access rules do not allow this address CLUSTER_ACTION on the cluster. Until they do, this broker follows nobody and its admin requests fail. Brokers come to each other as User:ANONYMOUS: name it in super.users, or allow it ClusterAction from the addresses of all brokers.',
    fields: { asked: 'text' },
  },
});

/** Partitions that this broker hosts. */
export const PARTITION_EVENTS = eventTable('partition', {
  offline: {
    level: 'error',
    meaning: 'The disk under a partition failed. It serves nothing until the broker is restarted on a sound disk.',
    fields: { topic: 'text', partition: 'number', error: 'error' },
  },
  missingLog: {
    level: 'error',
    meaning: 'A partition that the metadata places on this broker could not be opened; it is not served.',
    fields: { topic: 'text', partition: 'number', topicId: 'text', error: 'error' },
  },
  readFailed: {
    level: 'error',
    burstMax: 10,
    meaning: 'A read of a log ended in an unexpected error; the reader was told KAFKA_STORAGE_ERROR.',
    fields: { topic: 'text', partition: 'number', offset: 'number', error: 'error' },
  },
  logLost: {
    level: 'error',
    meaning:
      'The metadata knows this partition and no log directory holds its log: its records are missing. It stays offline while a configured directory is offline (bring it back and restart), else it begins anew, empty.',
    fields: { topic: 'text', partition: 'number', outcome: 'text' },
  },
  foreignLog: {
    level: 'error',
    meaning:
      'The directory of a partition holds another topic of the same name (its id differs). It is left untouched; move it away and restart to serve the partition.',
    fields: { topic: 'text', partition: 'number', topicId: 'text', foundId: 'text' },
  },
  deleteFailed: {
    level: 'error',
    meaning: 'The log of a deleted topic could not be removed.',
    fields: { topic: 'text', partition: 'number', error: 'error' },
  },
  strayLog: {
    level: 'warn',
    meaning: 'A log on disk belongs to no topic that the metadata knows. It is set aside, not deleted and not served.',
    fields: { topic: 'text', partition: 'number', topicId: 'text' },
  },
  replicaRemoved: {
    level: 'info',
    meaning: 'A replica was moved away from this broker by the controller; its log is deleted here.',
    fields: { topic: 'text', partition: 'number', topicId: 'text' },
  },
});

/** Copying between brokers, and who is in sync. */
export const REPLICA_EVENTS = eventTable('replica', {
  isrChanged: {
    level: 'info',
    meaning:
      'The in-sync replicas of a partition led here changed. A member left because it fell behind (its broker is down, slow or cut off) or joined because it caught up.',
    fields: {
      topic: 'text',
      partition: 'number',
      isr: 'list',
      joined: 'list',
      left: 'list',
      reason: 'text',
      leaderEpoch: 'number',
    },
  },
  isrUpdateFailed: {
    level: 'warn',
    burstMax: 10,
    meaning: 'The controller could not be asked for other in-sync replicas. It is asked again.',
    fields: { wishes: 'number', retryMs: 'duration', error: 'error' },
  },
  isrUpdateRefused: {
    level: 'info',
    burstMax: 10,
    meaning: 'The controller refused other in-sync replicas, mostly because it knew something newer.',
    fields: { topic: 'text', partition: 'number', wished: 'list', error: 'text' },
  },
  fetchFailed: {
    level: 'warn',
    burstMax: 10,
    meaning: 'Copying from another broker failed; it is tried again.',
    fields: { leader: 'number', retryMs: 'duration', error: 'error' },
  },
  truncated: {
    level: 'info',
    burstMax: 100,
    meaning: 'Records that the leader does not have were cut off the end of a log: nobody had been told they are safe.',
    fields: { topic: 'text', partition: 'number', leader: 'number', offset: 'number', fromOffset: 'number' },
  },
  startedOver: {
    level: 'warn',
    burstMax: 100,
    meaning: "A log was behind the beginning of its leader's and is copied anew from there.",
    fields: { topic: 'text', partition: 'number', leader: 'number', offset: 'number', fromOffset: 'number' },
  },
  truncationRefused: {
    level: 'error',
    meaning:
      'Following the leader would drop records that were promised to be safe. This replica stays as it is and is not copied any more: look at how the leader lost them. Deleting the log directory of this replica makes it be copied anew.',
    fields: { topic: 'text', partition: 'number', leader: 'number', offset: 'number', highWatermark: 'number' },
  },
  appendFailed: {
    level: 'error',
    burstMax: 10,
    meaning: 'What the leader sent could not be written; the partition pauses and is tried again.',
    fields: { topic: 'text', partition: 'number', leader: 'number', error: 'error' },
  },
  repaired: {
    level: 'warn',
    meaning:
      'Damaged bytes of a log were replaced by what another replica has (from); nothing is missing. The bytes as they were are in the quarantine folder of the partition: check the disk, then remove them.',
    fields: {
      topic: 'text',
      partition: 'number',
      offset: 'number',
      endOffset: 'number',
      bytes: 'bytes',
      from: 'number',
    },
  },
  repairFailed: {
    level: 'error',
    meaning:
      'Damaged bytes of a log cannot be replaced: no other replica that is up has them, or not yet. Readers of that range get CORRUPT_MESSAGE, all else is served; it is tried again, and at once when a broker comes.',
    fields: { topic: 'text', partition: 'number', reason: 'text', retryMs: 'duration' },
  },
  epochsWentBack: {
    level: 'error',
    meaning:
      'The metadata names an older leader epoch than the log of this partition has seen: the metadata store was lost or restored from an old copy. The partition is not served here, nothing is cut. Restore the newest store.',
    fields: { topic: 'text', partition: 'number', leaderEpoch: 'number', logEpoch: 'number' },
  },
  lagCheckSkipped: {
    level: 'warn',
    burstMax: 10,
    meaning:
      'This broker stood still for a while (lateMs), so that every follower looks slow: nobody leaves an ISR for it.',
    fields: { lateMs: 'duration' },
  },
});
