// The picture of the cluster after some batch of the metadata log. Immutable: a reader keeps it as long as it likes, and
// `apply` makes the next one, sharing everything that did not change.
// In the flow: an engine applies committed batches; handlers, partitions and coordinators read.
// Always: applying the same batches in the same order gives equal images, live and on replay.
import { assert, must, unreachable } from '@moldau/kernel';
import { PersistentMap } from './persistent-map.ts';
import type {
  AclBinding,
  BrokerEndpoint,
  ConfigResourceType,
  MetadataBatch,
  MetadataRecord,
  PartitionState,
  QuotaEntity,
  ScramCredential,
} from './records.ts';
import { CALM_PARTITION, CONFIG_RESOURCE_TYPES } from './records.ts';

export interface TopicImage {
  readonly name: string;
  readonly topicId: string;
  /** Indexed by partition number, without gaps. */
  readonly partitions: readonly PartitionState[];
}

export interface BrokerImage {
  readonly brokerId: number;
  /** Grows with each start of the broker. */
  readonly brokerEpoch: number;
  readonly incarnationId: string;
  readonly endpoints: readonly BrokerEndpoint[];
  readonly rack: string | null;
  /** Stopped, or taken for stopped; under this broker epoch for good. */
  readonly fenced: boolean;
  /** In a controlled shutdown: still serving, but leads nothing and joins no ISR any more. */
  readonly shuttingDown: boolean;
  /** All its log directories are closed to new replicas (KIP-1066). */
  readonly cordoned: boolean;
  /** Under which its logs were closed in order before this start; -1 when they were not. */
  readonly previousBrokerEpoch: number;
}

/** The limits of one entity, by key (`producer_byte_rate`, …). */
export interface ClientQuotas {
  readonly entity: QuotaEntity;
  readonly limits: ReadonlyMap<string, number>;
}

/** A decision of which not all parts are there yet: it shows nowhere, and is forgotten when something else follows. */
export interface OpenTransaction {
  /** The last that is there, of how many. */
  readonly part: number;
  readonly of: number;
  readonly records: readonly MetadataRecord[];
}

type Configs = ReadonlyMap<string, string>;
const noConfigs: Configs = new Map();
const NONE = -1;
const typeOfCode: ReadonlyMap<number, ConfigResourceType> = new Map(
  Object.entries(CONFIG_RESOURCE_TYPES).map(([type, code]): [number, ConfigResourceType] => [
    code,
    type as ConfigResourceType,
  ]),
);

interface State {
  offset: number;
  epoch: number;
  clusterId: string | undefined;
  controllerId: number;
  topicsByName: PersistentMap<TopicImage>;
  topicNames: PersistentMap<string>;
  /** Names with '.' or '_' by their unified form. */
  twins: PersistentMap<string>;
  partitionCount: number;
  /** Key: type code, colon, name. */
  configs: PersistentMap<Configs>;
  brokers: PersistentMap<BrokerImage>;
  features: PersistentMap<number>;
  acls: PersistentMap<AclBinding>;
  /** Key: JSON of the entity. */
  quotas: PersistentMap<ClientQuotas>;
  /** Key: mechanism, colon, user. */
  scram: PersistentMap<ScramCredential>;
  nextProducerId: number;
  open: OpenTransaction | undefined;
}

export class ClusterImage {
  /** Before the first batch. */
  static readonly empty = new ClusterImage({
    offset: NONE,
    epoch: 0,
    clusterId: undefined,
    controllerId: NONE,
    topicsByName: PersistentMap.empty(),
    topicNames: PersistentMap.empty(),
    twins: PersistentMap.empty(),
    partitionCount: 0,
    configs: PersistentMap.empty(),
    brokers: PersistentMap.empty(),
    features: PersistentMap.empty(),
    acls: PersistentMap.empty(),
    quotas: PersistentMap.empty(),
    scram: PersistentMap.empty(),
    nextProducerId: 0,
    open: undefined,
  });

  readonly #state: State;

  private constructor(state: State) {
    this.#state = state;
  }

  /** Offset of the last batch in this picture; -1 when there is none. */
  get offset(): number {
    return this.#state.offset;
  }

  /** Highest controller epoch in this picture. */
  get epoch(): number {
    return this.#state.epoch;
  }

  /** Undefined only before the first record. */
  get clusterId(): string | undefined {
    return this.#state.clusterId;
  }

  /** Broker id of the controller last elected; -1 before there was one. */
  get controllerId(): number {
    return this.#state.controllerId;
  }

  get topicCount(): number {
    return this.#state.topicsByName.size;
  }

  /** Of all topics. */
  get partitionCount(): number {
    return this.#state.partitionCount;
  }

  /** First producer id that nobody has. */
  get nextProducerId(): number {
    return this.#state.nextProducerId;
  }

  topic(name: string): TopicImage | undefined {
    return this.#state.topicsByName.get(name);
  }

  topicById(topicId: string): TopicImage | undefined {
    const name = this.#state.topicNames.get(topicId);
    return name === undefined ? undefined : this.topic(name);
  }

  /**
   * The topic whose name is `name` when '.' and '_' count as one: metric names cannot tell them apart, so that Kafka allows
   * only one of them.
   */
  topicLike(name: string): string | undefined {
    return hasTwins(name) ? this.#state.twins.get(unified(name)) : undefined;
  }

  /** In an order that depends on the names alone, not the alphabet's. */
  topics(): IterableIterator<TopicImage> {
    return this.#state.topicsByName.values();
  }

  partition(topic: string, partition: number): PartitionState | undefined {
    return this.topic(topic)?.partitions[partition];
  }

  /** What was set dynamically on a resource. */
  configs(type: ConfigResourceType, name: string): Configs {
    return this.#state.configs.get(configKey(type, name)) ?? noConfigs;
  }

  /** Names of the resources of a type on which something is set. */
  *configuredResources(type: ConfigResourceType): IterableIterator<string> {
    const prefix = `${CONFIG_RESOURCE_TYPES[type]}:`;
    for (const key of this.#state.configs.keys()) if (key.startsWith(prefix)) yield key.slice(prefix.length);
  }

  /** Everything that is set dynamically. */
  *allConfigs(): IterableIterator<[type: ConfigResourceType, name: string, values: Configs]> {
    for (const [key, values] of this.#state.configs) {
      const at = key.indexOf(':');
      yield [must(typeOfCode.get(Number(key.slice(0, at))), `config key ${key}`), key.slice(at + 1), values];
    }
  }

  broker(brokerId: number): BrokerImage | undefined {
    return this.#state.brokers.get(String(brokerId));
  }

  /** Every registered broker, fenced ones too, by id. */
  brokers(): BrokerImage[] {
    return [...this.#state.brokers.values()].sort((a, b) => a.brokerId - b.brokerId);
  }

  /** Brokers that are taken for alive, by id; those in a controlled shutdown too. */
  liveBrokers(): BrokerImage[] {
    return this.brokers().filter((broker) => !broker.fenced);
  }

  /** Registered under this epoch, alive and staying: may lead, get replicas and be in an ISR (KIP-841, KIP-903). */
  isActive(brokerId: number, brokerEpoch?: number): boolean {
    const broker = this.broker(brokerId);
    return (
      broker !== undefined &&
      !broker.fenced &&
      !broker.shuttingDown &&
      (brokerEpoch === undefined || broker.brokerEpoch === brokerEpoch)
    );
  }

  /** Finalized level of a feature; 0 when it is off. */
  featureLevel(name: string): number {
    return this.#state.features.get(name) ?? 0;
  }

  features(): Iterable<[name: string, level: number]> {
    return this.#state.features;
  }

  /** Every access rule, in no particular order. */
  acls(): IterableIterator<AclBinding> {
    return this.#state.acls.values();
  }

  acl(id: string): AclBinding | undefined {
    return this.#state.acls.get(id);
  }

  /** The limits of exactly this entity. */
  clientQuotas(entity: QuotaEntity): ReadonlyMap<string, number> {
    return this.#state.quotas.get(quotaKey(entity))?.limits ?? noLimits;
  }

  /** Somebody has a quota: where not, nobody needs to be looked up. */
  get hasClientQuotas(): boolean {
    return this.#state.quotas.size > 0;
  }

  allClientQuotas(): IterableIterator<ClientQuotas> {
    return this.#state.quotas.values();
  }

  scramCredential(user: string, mechanism: number): ScramCredential | undefined {
    return this.#state.scram.get(scramKey(user, mechanism));
  }

  scramCredentials(): IterableIterator<ScramCredential> {
    return this.#state.scram.values();
  }

  /** Parts of a decision that is not whole yet. */
  get openTransaction(): OpenTransaction | undefined {
    return this.#state.open;
  }

  /** The picture after one more batch, which must be the next. */
  apply(batch: MetadataBatch): ClusterImage {
    assert(batch.offset === this.offset + 1, `batch ${batch.offset} follows ${this.offset} in the metadata log`);
    assert(batch.epoch >= this.epoch, `controller epoch ${batch.epoch} follows ${this.epoch} in the metadata log`);
    const [first] = batch.records;
    if (first?.kind !== 'transactionPart') return this.#with(batch.records, undefined, batch.offset, batch.epoch);
    const { part, of } = first;
    const before = part === 1 ? { part: 0, of, records: [] } : this.#state.open;
    assert(
      before?.part === part - 1 && before.of === of && part <= of,
      `part ${part} of ${of} of a decision is the next`,
    );
    const { records } = this.inEffect(batch);
    if (part === of) return this.#with(records, undefined, batch.offset, batch.epoch);
    const open = { part, of, records: [...before.records, ...batch.records.slice(1)] };
    return this.#with([], open, batch.offset, batch.epoch);
  }

  /** `batch`, the next, with the records that take effect with it: none of a part, with the last those of all parts. */
  inEffect(batch: MetadataBatch): MetadataBatch {
    const [first] = batch.records;
    if (first?.kind !== 'transactionPart') return batch;
    const { part, of } = first;
    const before = part === 1 ? [] : (this.#state.open?.records ?? []);
    return { ...batch, records: part === of ? [...before, ...batch.records.slice(1)] : [] };
  }

  /** A picture built from the records of a snapshot, as of `offset` and `epoch`. What follows a `transactionPart` is open. */
  static fromSnapshot(records: readonly MetadataRecord[], offset: number, epoch: number): ClusterImage {
    const at = records.findIndex(({ kind }) => kind === 'transactionPart');
    const first = records[at];
    if (first?.kind !== 'transactionPart') return ClusterImage.empty.#with(records, undefined, offset, epoch);
    const open = { part: first.part, of: first.of, records: records.slice(at + 1) };
    return ClusterImage.empty.#with(records.slice(0, at), open, offset, epoch);
  }

  #with(
    records: readonly MetadataRecord[],
    open: OpenTransaction | undefined,
    offset: number,
    epoch: number,
  ): ClusterImage {
    const next: State = { ...this.#state, open, offset, epoch };
    for (const record of records) applyRecord(next, record);
    return new ClusterImage(next);
  }
}

function hasTwins(name: string): boolean {
  return name.includes('.') || name.includes('_');
}

function unified(name: string): string {
  return name.replaceAll('.', '_');
}

function configKey(type: ConfigResourceType, name: string): string {
  return `${CONFIG_RESOURCE_TYPES[type]}:${name}`;
}

const noLimits: ReadonlyMap<string, number> = new Map();

function quotaKey(entity: QuotaEntity): string {
  return JSON.stringify(entity.map(({ type, name }) => [type, name]));
}

function scramKey(user: string, mechanism: number): string {
  return `${mechanism}:${user}`;
}

function applyRecord(state: State, record: MetadataRecord): void {
  switch (record.kind) {
    case 'clusterFormed':
      state.clusterId = record.clusterId;
      return;
    case 'controllerElected':
      state.controllerId = record.brokerId;
      state.epoch = Math.max(state.epoch, record.epoch);
      return;
    case 'brokerRegistered': {
      const { brokerId, brokerEpoch, incarnationId, endpoints, rack, previousBrokerEpoch = -1 } = record;
      const { cordoned = false } = record;
      const broker: BrokerImage = {
        ...{ brokerId, brokerEpoch, incarnationId, endpoints, rack, previousBrokerEpoch },
        ...{ fenced: false, shuttingDown: false, cordoned },
      };
      state.brokers = state.brokers.set(String(brokerId), broker);
      return;
    }
    case 'brokerFenced': {
      const broker = state.brokers.get(String(record.brokerId));
      if (broker?.brokerEpoch === record.brokerEpoch) {
        state.brokers = state.brokers.set(String(record.brokerId), { ...broker, fenced: true });
      }
      return;
    }
    case 'brokerShuttingDown': {
      const broker = state.brokers.get(String(record.brokerId));
      if (broker?.brokerEpoch === record.brokerEpoch) {
        state.brokers = state.brokers.set(String(record.brokerId), { ...broker, shuttingDown: true });
      }
      return;
    }
    case 'brokerCordoned': {
      const broker = state.brokers.get(String(record.brokerId));
      if (broker?.brokerEpoch === record.brokerEpoch) {
        state.brokers = state.brokers.set(String(record.brokerId), { ...broker, cordoned: record.cordoned });
      }
      return;
    }
    case 'brokerUnregistered':
      state.brokers = state.brokers.delete(String(record.brokerId));
      return;
    case 'topicCreated':
      state.topicNames = state.topicNames.set(record.topicId, record.name);
      if (hasTwins(record.name)) state.twins = state.twins.set(unified(record.name), record.name);
      state.topicsByName = state.topicsByName.set(record.name, {
        name: record.name,
        topicId: record.topicId,
        partitions: [],
      });
      return;
    case 'partitionsSet':
      setPartitions(state, record.topicId, record.partitions);
      return;
    case 'topicDeleted': {
      const name = must(state.topicNames.get(record.topicId), `deleted topic ${record.topicId} exists`);
      const topic = must(state.topicsByName.get(name), `topic ${name} exists`);
      state.partitionCount -= topic.partitions.length;
      state.topicNames = state.topicNames.delete(record.topicId);
      state.topicsByName = state.topicsByName.delete(name);
      if (state.twins.get(unified(name)) === name) state.twins = state.twins.delete(unified(name));
      state.configs = state.configs.delete(configKey('topic', name));
      return;
    }
    case 'configSet': {
      const key = configKey(record.resourceType, record.resourceName);
      const values = new Map(state.configs.get(key));
      if (record.value === null) values.delete(record.name);
      else values.set(record.name, record.value);
      state.configs = values.size === 0 ? state.configs.delete(key) : state.configs.set(key, values);
      return;
    }
    case 'producerIdsTaken':
      assert(record.nextProducerId >= state.nextProducerId, 'producer ids are never handed out twice');
      state.nextProducerId = record.nextProducerId;
      return;
    case 'aclSet':
      state.acls = state.acls.set(record.acl.id, record.acl);
      return;
    case 'aclRemoved':
      state.acls = state.acls.delete(record.id);
      return;
    case 'clientQuotaSet': {
      const key = quotaKey(record.entity);
      const limits = new Map(state.quotas.get(key)?.limits);
      if (record.value === null) limits.delete(record.key);
      else limits.set(record.key, record.value);
      state.quotas =
        limits.size === 0 ? state.quotas.delete(key) : state.quotas.set(key, { entity: record.entity, limits });
      return;
    }
    case 'scramCredentialSet': {
      const { credential } = record;
      state.scram = state.scram.set(scramKey(credential.user, credential.mechanism), credential);
      return;
    }
    case 'scramCredentialRemoved':
      state.scram = state.scram.delete(scramKey(record.user, record.mechanism));
      return;
    case 'featureSet':
      state.features =
        record.level === 0 ? state.features.delete(record.name) : state.features.set(record.name, record.level);
      return;
    case 'transactionPart':
      // Only ever the first of its batch, where `apply` has taken it off.
      assert(false, 'a part of a decision is a batch of its own');
      return;
    default:
      unreachable(record);
  }
}

function setPartitions(state: State, topicId: string, changed: readonly PartitionState[]): void {
  const name = must(state.topicNames.get(topicId), `topic ${topicId} of a partition exists`);
  const topic = must(state.topicsByName.get(name), `topic ${name} exists`);
  const partitions = topic.partitions.slice();
  for (const partition of changed) {
    const before = partitions[partition.partition];
    assert(partition.partition <= partitions.length, `${name}-${partition.partition} leaves no gap`);
    assert(
      !before || partition.leaderEpoch >= before.leaderEpoch,
      `leader epoch of ${name}-${partition.partition} never goes back`,
    );
    // Written by a version that knew nothing of reassignments and ELRs.
    const isOld = (partition as Partial<PartitionState>).elr === undefined;
    partitions[partition.partition] = isOld ? { ...CALM_PARTITION, ...partition } : partition;
  }
  state.partitionCount += partitions.length - topic.partitions.length;
  state.topicsByName = state.topicsByName.set(name, { ...topic, partitions });
}
