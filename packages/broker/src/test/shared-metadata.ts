// One metadata log in memory for several brokers of a test, with a controller that a test can see through: brokers come
// and go by its hand, ISR wishes are granted as the rules say or as the test says, pictures can be held back from one
// broker. Real brokers, logs, sockets; only consensus is pretended.
import {
  type BrokerRegistration,
  ClusterImage,
  type ImageListener,
  type MetadataBatch,
  type MetadataEngine,
  type MetadataRecord,
  NO_LEADER,
  type PartitionState,
} from '@moldau/metadata';
import type { IsrOutcome, IsrWish } from '../controller/controller-access.ts';

interface Member {
  readonly brokerId: number;
  image: ClusterImage;
  readonly listeners: Set<ImageListener>;
  /** Batches not told yet, while it is held back. */
  held: MetadataBatch[] | undefined;
}

export class SharedMetadata {
  #image = ClusterImage.empty;
  #epoch = 0;
  readonly #untold: MetadataBatch[] = [];
  #telling = false;
  readonly #members = new Map<number, Member>();
  /** Every wish that brokers sent, in order. */
  readonly wishes: IsrWish[] = [];
  /** Stands in the way of a wish: answers in place of the controller. */
  intercept: ((wish: IsrWish) => IsrOutcome | Promise<IsrOutcome> | undefined) | undefined;

  /** When the store last confirmed everybody's session. */
  sessionConfirmedAtMs = Number.POSITIVE_INFINITY;

  get image(): ClusterImage {
    return this.#image;
  }

  /** The engine of one broker, as it sees it now; a broker that starts again asks again. */
  member(brokerId: number): MetadataEngine {
    const member: Member = { brokerId, image: this.#image, listeners: new Set(), held: undefined };
    this.#members.set(brokerId, member);
    const shared = this;
    return {
      get image() {
        return member.image;
      },
      get pending() {
        return shared.#image;
      },
      // The controller is the test's own.
      elect: () => new Promise(() => {}),
      fresh: false,
      form: async () => shared.#image.clusterId!,
      sessionTimeoutMs: 18_000,
      get sessionConfirmedAtMs() {
        return shared.sessionConfirmedAtMs;
      },
      append: async (_epoch: number, _after: number, records: readonly MetadataRecord[]) => this.append(records),
      follow: (listener: ImageListener) => {
        member.listeners.add(listener);
        return () => member.listeners.delete(listener);
      },
      register: async (registration: BrokerRegistration) => ({
        brokerEpoch: this.register(registration),
        onLost: () => {},
      }),
      leave: async () => this.fence(brokerId),
      aliveBrokers: () => [],
      onAliveChanged: () => () => {},
      close: async () => {
        member.listeners.clear();
      },
    } as unknown as MetadataEngine;
  }

  append(records: readonly MetadataRecord[]): number {
    const batch: MetadataBatch = { offset: this.#image.offset + 1, epoch: 1, records };
    this.#image = this.#image.apply(batch);
    this.#untold.push(batch);
    // Somebody who is being told may append: everybody hears of both in order.
    if (this.#telling) return batch.offset;
    this.#telling = true;
    for (let next = this.#untold.shift(); next; next = this.#untold.shift()) {
      for (const member of this.#members.values()) {
        if (member.held) member.held.push(next);
        else tell(member, next);
      }
    }
    this.#telling = false;
    return batch.offset;
  }

  /** A broker hears nothing new until `release`. */
  hold(brokerId: number): void {
    this.#members.get(brokerId)!.held ??= [];
  }

  release(brokerId: number): void {
    const member = this.#members.get(brokerId)!;
    const held = member.held ?? [];
    member.held = undefined;
    for (const batch of held) tell(member, batch);
  }

  register(registration: BrokerRegistration): number {
    const { brokerId } = registration;
    const brokerEpoch = ++this.#epoch;
    const record: MetadataRecord = { kind: 'brokerRegistered', ...registration, brokerEpoch };
    this.append([record, ...this.#elections(brokerId, true)]);
    return brokerEpoch;
  }

  /** The broker is taken for dead: it leads nothing, and leaves every ISR that has others. */
  fence(brokerId: number): void {
    const broker = this.#image.broker(brokerId);
    if (!broker || broker.fenced) return;
    const fenced: MetadataRecord = { kind: 'brokerFenced', brokerId, brokerEpoch: broker.brokerEpoch };
    this.append([fenced, ...this.#elections(brokerId, false)]);
  }

  /** Changes one partition by hand; the partition epoch goes on by itself. */
  set(topic: string, partition: number, parts: Partial<PartitionState>): void {
    const { topicId } = this.#image.topic(topic)!;
    const state = this.#image.partition(topic, partition)!;
    const next = { ...state, ...parts, partitionEpoch: state.partitionEpoch + 1 };
    this.append([{ kind: 'partitionsSet', topicId, partitions: [next] }]);
  }

  /** The store lost what it knew and began anew: a topic that stands, with a leader epoch of long ago. */
  forgetEpochs(topic: string, partition: number, leaderEpoch: number): void {
    const { topicId, partitions } = this.#image.topic(topic)!;
    const states = partitions.map((state) => (state.partition === partition ? { ...state, leaderEpoch } : state));
    this.append([
      { kind: 'topicDeleted', topicId },
      { kind: 'topicCreated', name: topic, topicId },
      { kind: 'partitionsSet', topicId, partitions: states },
    ]);
  }

  /** Another member of the ISR leads. */
  elect(topic: string, partition: number, leader: number): void {
    const { leaderEpoch } = this.#image.partition(topic, partition)!;
    this.set(topic, partition, { leader, leaderEpoch: leaderEpoch + 1 });
  }

  async alterPartitions(wishes: readonly IsrWish[]): Promise<IsrOutcome[]> {
    const outcomes: IsrOutcome[] = [];
    for (const wish of wishes) {
      this.wishes.push(wish);
      outcomes.push((await this.intercept?.(wish)) ?? this.decide(wish));
    }
    return outcomes;
  }

  decide(wish: IsrWish): IsrOutcome {
    const topic = this.#image.topicById(wish.topicId);
    const state = topic?.partitions[wish.partition];
    if (!topic || !state) return { error: 'UNKNOWN_TOPIC_ID', state: undefined };
    if (wish.leaderEpoch !== state.leaderEpoch) return { error: 'FENCED_LEADER_EPOCH', state };
    if (wish.partitionEpoch !== state.partitionEpoch) return { error: 'INVALID_UPDATE_VERSION', state };
    for (const { brokerId, brokerEpoch } of wish.newIsr) {
      if (!this.#image.isActive(brokerId, brokerEpoch < 0 ? undefined : brokerEpoch))
        return { error: 'INELIGIBLE_REPLICA', state };
    }
    this.set(topic.name, wish.partition, { isr: wish.newIsr.map(({ brokerId }) => brokerId) });
    return { error: 'NONE', state: this.#image.partition(topic.name, wish.partition) };
  }

  #elections(brokerId: number, returned: boolean): MetadataRecord[] {
    const records: MetadataRecord[] = [];
    const lives = (id: number) => (id === brokerId ? returned : this.#image.broker(id)?.fenced === false);
    for (const topic of this.#image.topics()) {
      const partitions: PartitionState[] = [];
      for (const state of topic.partitions) {
        if (!state.replicas.includes(brokerId)) continue;
        const left = state.isr.filter((id) => id !== brokerId);
        const isr = returned || left.length === 0 ? state.isr : left;
        const leads = state.leader !== NO_LEADER && state.leader !== brokerId;
        const leader = leads ? state.leader : (state.replicas.find((id) => isr.includes(id) && lives(id)) ?? NO_LEADER);
        const changed = leader !== state.leader || leader === brokerId;
        if (!changed && isr.length === state.isr.length) continue;
        const leaderEpoch = state.leaderEpoch + (changed ? 1 : 0);
        partitions.push({ ...state, isr, leader, leaderEpoch, partitionEpoch: state.partitionEpoch + 1 });
      }
      if (partitions.length > 0) records.push({ kind: 'partitionsSet', topicId: topic.topicId, partitions });
    }
    return records;
  }
}

function tell(member: Member, batch: MetadataBatch): void {
  const previous = member.image;
  member.image = previous.apply(batch);
  for (const listener of [...member.listeners]) listener(member.image, previous, previous.inEffect(batch));
}
