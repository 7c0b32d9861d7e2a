// The road to a controller in another process: Kafka's own requests between brokers, over two connections to whoever the
// picture names. A controller that is none any more, or cannot be reached, is looked for again until the deadline.
import type { BrokerConnection, RequestOf, ResponseOf } from '@moldau/client/connection';
import type { Clock, Timers } from '@moldau/kernel';
import type { ClusterImage, PartitionState } from '@moldau/metadata';
import { type ApiName, ZERO_UUID } from '@moldau/protocol';
import { errorName, type WireError } from '@moldau/protocol/errors';
import type { BrokerConfig } from '../config/broker-config.ts';
import { ControllerUnavailable } from './controller.ts';
import type { IsrOutcome, IsrWish } from './controller-access.ts';
import { DONE, type Outcome, refused } from './decision.ts';
import { wishForMissing } from './internal-topics.ts';
import type { ProducerIdBlock } from './producer-ids.ts';

export interface RemoteControllerParts {
  readonly nodeId: number;
  readonly config: BrokerConfig;
  readonly clock: Clock;
  readonly timers: Timers;
  image(): ClusterImage;
  brokerEpoch(): number;
  /** The controller's access rules do not allow this broker what brokers do. */
  onRefused(api: ApiName): void;
  connect(brokerId: number, purpose: 'controller' | 'forwarding'): Promise<BrokerConnection>;
}

export interface Heartbeat {
  readonly currentMetadataOffset: number;
  readonly wantShutDown: boolean;
  /** All log directories here are closed to new replicas. */
  readonly cordoned: boolean;
}

/** Versions are said, not negotiated: brokers do not list these APIs to clients. */
const VERSIONS = {
  AlterPartition: 3,
  AllocateProducerIds: 0,
  BrokerHeartbeat: 1,
  Envelope: 0,
  CreateTopics: 7,
} as const;
/** The version that tells of cordoned log directories, and how a broker says that it means all it has. */
const CORDONED_HEARTBEAT = 2;
const ALL_DIRECTORIES = ZERO_UUID;
/** Answered when all brokers know of the change. */
const WAITS_FOR_BROKERS: ReadonlySet<keyof typeof VERSIONS> = new Set(['Envelope', 'CreateTopics']);
/** How long a request may look for its controller. */
const DEADLINE_MS = 30_000;
const ENSURE_TOPICS_MS = 10_000;
/**
 * For what may be asked twice: so long is an answer waited for before it is asked again over a new connection. A cut cable
 * closes none, and TCP tries the old one ever more rarely.
 */
const ASKED_AGAIN_MS = 5_000;
/** Once or twice, it comes to the same. */
const MAY_BE_REPEATED: ReadonlySet<keyof typeof VERSIONS> = new Set(['AlterPartition', 'AllocateProducerIds']);
const LOOK_AGAIN_MS = 50;
const LOOK_AGAIN_MS_MAX = 1_000;

export class RemoteController {
  readonly #p: RemoteControllerParts;

  constructor(parts: RemoteControllerParts) {
    this.#p = parts;
  }

  async ensureTopics(names: readonly string[]): Promise<Map<string, Outcome>> {
    const { config } = this.#p;
    const image = this.#p.image();
    const outcomes = new Map<string, Outcome>(names.map((name) => [name, DONE]));
    const topics = names.filter((name) => !image.topic(name)).map((name) => wishForMissing(name, config, image));
    if (topics.length === 0) return outcomes;
    const body = { topics: topics.map((wish) => ({ ...wish, assignments: [] })), timeoutMs: ENSURE_TOPICS_MS };
    const answer = await this.#ask('CreateTopics', body, ({ topics: created }) =>
      created.some(({ errorCode }) => errorName(errorCode) === 'NOT_CONTROLLER'),
    );
    for (const { name, errorCode, errorMessage } of answer.topics) {
      const error = errorName(errorCode);
      if (error === 'TOPIC_AUTHORIZATION_FAILED') {
        // Said of this broker, not of the client, whom it let ask: the topic is not there, and may come.
        this.#p.onRefused('CreateTopics');
        outcomes.set(name, refused('UNKNOWN_TOPIC_OR_PARTITION', errorMessage));
      } else if (error !== 'NONE' && error !== 'TOPIC_ALREADY_EXISTS') outcomes.set(name, refused(error, errorMessage));
    }
    return outcomes;
  }

  async allocateProducerIds(): Promise<ProducerIdBlock> {
    const { nodeId } = this.#p;
    const body = { brokerId: nodeId, brokerEpoch: this.#p.brokerEpoch() };
    const answer = await this.#ask('AllocateProducerIds', body);
    throwOn(errorName(answer.errorCode));
    return { first: answer.producerIdStart, count: answer.producerIdLen };
  }

  async alterPartitions(wishes: readonly IsrWish[]): Promise<readonly IsrOutcome[]> {
    const topics = new Map<string, IsrWish[]>();
    for (const wish of wishes) topics.set(wish.topicId, [...(topics.get(wish.topicId) ?? []), wish]);
    const answer = await this.#ask('AlterPartition', {
      brokerId: this.#p.nodeId,
      brokerEpoch: this.#p.brokerEpoch(),
      topics: [...topics].map(([topicId, all]) => ({
        topicId,
        partitions: all.map((wish) => ({
          partitionIndex: wish.partition,
          leaderEpoch: wish.leaderEpoch,
          partitionEpoch: wish.partitionEpoch,
          leaderRecoveryState: wish.leaderRecoveryState === 'recovering' ? 1 : 0,
          newIsrWithEpochs: wish.newIsr.map(({ brokerId, brokerEpoch }) => ({ brokerId, brokerEpoch })),
        })),
      })),
    });
    const whole = errorName(answer.errorCode);
    if (whole !== 'NONE') return wishes.map(() => ({ error: whole, state: undefined }));
    const found = new Map(
      answer.topics.flatMap(({ topicId, partitions }) =>
        partitions.map((one) => [`${topicId} ${one.partitionIndex}`, one] as const),
      ),
    );
    return wishes.map(({ topicId, partition }): IsrOutcome => {
      const one = found.get(`${topicId} ${partition}`);
      if (!one) return { error: 'UNKNOWN_SERVER_ERROR', state: undefined };
      return { error: errorName(one.errorCode), state: this.#stateOf(topicId, partition, one) };
    });
  }

  /** One word of this broker to the controller. Rejects when it does not arrive; the next one says as much. */
  async heartbeat({
    currentMetadataOffset,
    wantShutDown,
    cordoned,
  }: Heartbeat): Promise<ResponseOf<'BrokerHeartbeat'>> {
    const { nodeId: brokerId } = this.#p;
    const body = {
      brokerId,
      brokerEpoch: this.#p.brokerEpoch(),
      currentMetadataOffset,
      wantFence: false,
      wantShutDown,
      ...(cordoned && { cordonedLogDirs: [ALL_DIRECTORIES] }),
    };
    // A controller of before v2 is asked for no more than it knows.
    const version = cordoned ? CORDONED_HEARTBEAT : VERSIONS.BrokerHeartbeat;
    const connection = await this.#connect('BrokerHeartbeat');
    const answer = await connection.send('BrokerHeartbeat', body, { version, timeoutMs: ASKED_AGAIN_MS });
    if (errorName(answer.errorCode) === 'CLUSTER_AUTHORIZATION_FAILED') this.#p.onRefused('BrokerHeartbeat');
    return answer;
  }

  /** A client's request, as it came, to the controller; its answer, as it came back. Both without their sizes. */
  async forward(requestData: Buffer, principal: string, clientHost: string): Promise<Buffer> {
    const body = {
      requestData,
      requestPrincipal: Buffer.from(principal),
      clientHostAddress: Buffer.from(clientHost),
    };
    const answer = await this.#ask('Envelope', body, ({ errorCode }) => errorName(errorCode) === 'NOT_CONTROLLER');
    // Said of this broker, not of the client.
    if (errorName(answer.errorCode) === 'CLUSTER_AUTHORIZATION_FAILED') throwOn('UNKNOWN_SERVER_ERROR');
    throwOn(errorName(answer.errorCode));
    return answer.responseData ?? Buffer.alloc(0);
  }

  /** `moved` tells from an answer that the controller is elsewhere; top-level error codes are looked at anyway. */
  async #ask<N extends keyof typeof VERSIONS & ApiName>(
    api: N,
    body: RequestOf<N>,
    moved: (answer: ResponseOf<N>) => boolean = () => false,
  ): Promise<ResponseOf<N>> {
    const { clock, timers } = this.#p;
    const deadline = clock.monotonic() + DEADLINE_MS;
    for (let pauseMs = LOOK_AGAIN_MS; ; pauseMs = Math.min(pauseMs * 2, LOOK_AGAIN_MS_MAX)) {
      let trouble: unknown;
      try {
        const connection = await this.#connect(api);
        const leftMs = Math.max(1, deadline - clock.monotonic());
        const timeoutMs = MAY_BE_REPEATED.has(api) ? Math.min(leftMs, ASKED_AGAIN_MS) : leftMs;
        const answer = await connection.send(api, body, { version: VERSIONS[api], timeoutMs });
        const { errorCode = 0 } = answer as { errorCode?: number };
        if (errorName(errorCode) === 'CLUSTER_AUTHORIZATION_FAILED') this.#p.onRefused(api);
        if (errorName(errorCode) !== 'NOT_CONTROLLER' && !moved(answer)) return answer;
        trouble = new Error('the broker asked is not the controller any more');
      } catch (error) {
        trouble = error;
      }
      if (clock.monotonic() + pauseMs >= deadline) {
        const text = trouble instanceof Error ? trouble.message : String(trouble);
        throw new ControllerUnavailable('REQUEST_TIMED_OUT', `the controller could not be asked: ${text}`, {
          cause: trouble,
        });
      }
      await new Promise<void>((resolve) => {
        timers.set(pauseMs, resolve);
      });
    }
  }

  /**
   * A connection's requests are answered one after the other, and what changes the cluster is answered when every broker
   * has told that it knows: on one connection that word would wait behind the answer that waits for it.
   */
  #connect(api: keyof typeof VERSIONS): Promise<BrokerConnection> {
    const { controllerId } = this.#p.image();
    if (controllerId < 0 || controllerId === this.#p.nodeId) {
      return Promise.reject(new Error('no other broker is known as the controller'));
    }
    return this.#p.connect(controllerId, WAITS_FOR_BROKERS.has(api) ? 'forwarding' : 'controller');
  }

  #stateOf(
    topicId: string,
    partition: number,
    one: ResponseOf<'AlterPartition'>['topics'][number]['partitions'][number],
  ): PartitionState | undefined {
    const known = this.#p.image().topicById(topicId)?.partitions[partition];
    // A refusal carries no state.
    if (!known || errorName(one.errorCode) !== 'NONE') return undefined;
    return {
      ...known,
      leader: one.leaderId,
      leaderEpoch: one.leaderEpoch,
      isr: one.isr,
      leaderRecoveryState: one.leaderRecoveryState === 1 ? 'recovering' : 'recovered',
      partitionEpoch: one.partitionEpoch,
    };
  }
}

function throwOn(error: WireError): void {
  if (error !== 'NONE') throw new ControllerUnavailable(error, `the controller answered ${error}`);
}
