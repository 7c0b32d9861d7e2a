// The controller as the handlers see it: commands in, results out when the cluster has decided, the decision is durable
// and this broker has applied it (its logs exist or are gone).
// In the flow: handler → decide on the pending picture → engine appends → followers apply → answer.
// Always: a decision is made and handed to the engine in one turn, on the picture that includes everything before it.

import type { Ports } from '@moldau/kernel';
import { must, randomUuid } from '@moldau/kernel';
import {
  type ClusterImage,
  EngineError,
  type Leadership,
  type MetadataEngine,
  type MetadataRecord,
} from '@moldau/metadata';
import type { WireError } from '@moldau/protocol';
import type { AclFilter } from '../authorizer/acl-filter.ts';
import type { BrokerConfig } from '../config/broker-config.ts';
import { type AclsDeleted, type AclWish, decideCreateAcls, decideDeleteAcls } from './acls.ts';
import { type ConfigWish, decideAlterConfigs } from './alter-configs.ts';
import { decideAlterPartitions, type WishingBroker } from './alter-partition.ts';
import { decideClientQuotas, type QuotaWish } from './client-quotas.ts';
import type { IsrOutcome, IsrWish } from './controller-access.ts';
import {
  type CreatedTopic,
  type Draws,
  decideCreatePartitions,
  decideCreateTopics,
  type PartitionsWish,
  type TopicWish,
} from './create-topics.ts';
import { type Decision, DONE, type Outcome, refused } from './decision.ts';
import { decideDeleteTopics } from './delete-topics.ts';
import { decideElections, decideRebalance, type ElectionType, type ElectionWish } from './elect-leaders.ts';
import { type BrokerRun, decideCordon, decideShutdown, decideUnregister, reconcileBrokers } from './elections.ts';
import { wishForMissing } from './internal-topics.ts';
import type { UncleanElection } from './partition-changes.ts';
import { decideProducerIds, type ProducerIdBlock } from './producer-ids.ts';
import { decideReassignments, type ReassignmentOptions, type ReassignmentWish } from './reassignments.ts';
import { recordBatches } from './record-batches.ts';
import {
  decideScramCredentials,
  type ScramDeletion,
  type ScramUpsertion,
  type ScramUserOutcome,
} from './scram-credentials.ts';

export type { ConfigWish } from './alter-configs.ts';
export type { CreatedTopic, PartitionsWish, TopicWish } from './create-topics.ts';
export type { Outcome } from './decision.ts';
export type { ProducerIdBlock } from './producer-ids.ts';

/** Whether a command takes effect, or only its answer is wanted. */
export interface CommandOptions {
  readonly validateOnly: boolean;
}

/** A command that could not be decided or kept: the answer is `error` for everything it asked for. */
export class ControllerUnavailable extends Error {
  readonly error: WireError;
  constructor(error: WireError, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ControllerUnavailable';
    this.error = error;
  }
}

export interface ControllerParts {
  readonly engine: MetadataEngine;
  readonly leadership: Leadership;
  readonly config: BrokerConfig;
  readonly ports: Pick<Ports, 'random'>;
  /** An election from outside ISR and ELR, which may have lost records, is durable. Default: nobody hears of it. */
  readonly onUncleanElection?: (election: UncleanElection) => void;
}

export class Controller {
  readonly #engine: MetadataEngine;
  readonly #leadership: Leadership;
  readonly #config: BrokerConfig;
  readonly #draws: Draws;
  readonly #onUncleanElection: (election: UncleanElection) => void;
  /** Topics being created because somebody asked for them by name: one creation serves all who ask. */
  readonly #ensuring = new Map<string, Promise<Outcome>>();

  constructor(parts: ControllerParts) {
    this.#engine = parts.engine;
    this.#leadership = parts.leadership;
    this.#config = parts.config;
    this.#onUncleanElection = parts.onUncleanElection ?? (() => {});
    const { random } = parts.ports;
    this.#draws = {
      newTopicId: () => randomUuid(random),
      placementStart: () => Math.floor(random.float() * 0x1_0000),
    };
  }

  image(): ClusterImage {
    return this.#engine.image;
  }

  /** Topics that are there in `image()` when this answers, or why not. Repeated names are the handler's to refuse. */
  createTopics(wishes: readonly TopicWish[], options: CommandOptions): Promise<CreatedTopic[]> {
    return this.#decide((image) => decideCreateTopics(this.#topicContext(image), wishes), options);
  }

  /** `ensureTopics` for one. */
  async ensureTopic(name: string): Promise<Outcome> {
    const outcomes = await this.ensureTopics([name]);
    return must(outcomes.get(name), 'every name has an outcome');
  }

  /**
   * Creates the topics that are not there, with the cluster's defaults; internal ones get their own settings. NONE also
   * for those that existed already. Calls for one name share one creation.
   */
  async ensureTopics(names: readonly string[]): Promise<Map<string, Outcome>> {
    const missing = names.filter((name) => !this.#engine.image.topic(name) && !this.#ensuring.has(name));
    if (missing.length > 0) {
      const creating = this.#createMissing(missing);
      for (const name of missing) {
        const ensuring = creating.then((outcomes) => must(outcomes.get(name), 'every wish has an outcome'));
        this.#ensuring.set(name, ensuring);
        // Who waits for it hears of a failure; here it only ends the entry.
        const end = () => this.#ensuring.delete(name);
        ensuring.then(end, end);
      }
    }
    const outcomes = await Promise.all(
      names.map(async (name) => [name, (await this.#ensuring.get(name)) ?? DONE] as const),
    );
    return new Map(outcomes);
  }

  async #createMissing(names: readonly string[]): Promise<Map<string, Outcome>> {
    const created = await this.#decide(
      (image) => {
        const wishes = names.map((name) => wishForMissing(name, this.#config, image));
        return decideCreateTopics(this.#topicContext(image), wishes);
      },
      { validateOnly: false },
    );
    return new Map(
      created.map(({ name, error, detail }) => [
        name,
        error === 'TOPIC_ALREADY_EXISTS' ? DONE : refused(error, detail),
      ]),
    );
  }

  createPartitions(wishes: readonly PartitionsWish[], options: CommandOptions): Promise<Outcome[]> {
    return this.#decide((image) => decideCreatePartitions(this.#topicContext(image), wishes), options);
  }

  /** By id; ids are all different. */
  deleteTopics(topicIds: readonly string[]): Promise<Outcome[]> {
    return this.#decide((image) => decideDeleteTopics(image, topicIds), { validateOnly: false });
  }

  async alterConfigs(wishes: readonly ConfigWish[], options: CommandOptions): Promise<Outcome[]> {
    const outcomes = await this.#decide(
      (image) => decideAlterConfigs({ image, config: this.#config }, wishes),
      options,
    );
    if (!options.validateOnly && wishes.some(mayAllowUnclean)) {
      // Partitions that wait for a dead leader need not wait any more. What fails here is done when a broker comes or goes.
      await this.reconcile().catch((error: unknown) => {
        if (!(error instanceof ControllerUnavailable)) throw error;
      });
    }
    return outcomes;
  }

  /** One outcome for each entity, in their order. */
  alterClientQuotas(wishes: readonly QuotaWish[], options: CommandOptions): Promise<Outcome[]> {
    return this.#decide((image) => decideClientQuotas(image, wishes), options);
  }

  /** One outcome for each user. */
  alterScramCredentials(
    deletions: readonly ScramDeletion[],
    upsertions: readonly ScramUpsertion[],
  ): Promise<ScramUserOutcome[]> {
    return this.#decide((image) => decideScramCredentials(image, deletions, upsertions), { validateOnly: false });
  }

  /** One outcome for each rule. */
  createAcls(wishes: readonly AclWish[]): Promise<Outcome[]> {
    return this.#decide((image) => decideCreateAcls(image, wishes, this.#draws.newTopicId), { validateOnly: false });
  }

  /** What each filter removed. */
  deleteAcls(filters: readonly AclFilter[]): Promise<AclsDeleted[]> {
    return this.#decide((image) => decideDeleteAcls(image, filters), { validateOnly: false });
  }

  /** 1000 ids for this broker, durable before this answers. */
  allocateProducerIds(brokerId: number): Promise<ProducerIdBlock> {
    return this.#decide((image) => decideProducerIds(image, brokerId), { validateOnly: false });
  }

  /** What leaders wish their in-sync sets to be. */
  alterPartitions(wishes: readonly IsrWish[], from: WishingBroker): Promise<readonly IsrOutcome[]> {
    return this.#decide((image) => decideAlterPartitions(image, this.#config, wishes, from), { validateOnly: false });
  }

  /** Moves of partitions to other brokers, and ends of such moves. */
  async alterReassignments(wishes: readonly ReassignmentWish[], options: ReassignmentOptions): Promise<Outcome[]> {
    const { outcomes } = await this.#decideAndTell((image) =>
      decideReassignments(image, this.#config, wishes, options),
    );
    return outcomes;
  }

  /** Elections that somebody asks for. */
  async electLeaders(wishes: readonly ElectionWish[], type: ElectionType): Promise<Outcome[]> {
    const { outcomes } = await this.#decideAndTell((image) => decideElections(image, this.#config, wishes, type));
    return outcomes;
  }

  /** Gives leadership back to preferred leaders. Answers whether there are more of them. */
  async rebalanceLeaders(): Promise<boolean> {
    const { more } = await this.#decide((image) => decideRebalance(image, this.#config), { validateOnly: false });
    return more;
  }

  /** Forgets a broker that is gone for good. False: it is not known. */
  async unregister(brokerId: number): Promise<boolean> {
    const broker = this.#engine.pending.broker(brokerId);
    if (!broker) return false;
    await this.#decideAndTell((image) => {
      const alive = this.#engine.aliveBrokers();
      const { records, result } = decideUnregister({ image, config: this.#config, alive, gone: broker });
      return { records, result: { unclean: result } };
    });
    return true;
  }

  /** Records who came and who went, and who leads now. For the engine's word that the brokers changed. */
  async reconcile(): Promise<void> {
    await this.#reconcile();
  }

  /** A broker whose process is gone, as was seen before the engine notices. Nothing when it has registered again already. */
  async fence(gone: BrokerRun): Promise<void> {
    if (this.#engine.pending.broker(gone.brokerId)?.brokerEpoch === gone.brokerEpoch) await this.#reconcile(gone);
  }

  async #reconcile(gone?: BrokerRun): Promise<void> {
    await this.#decideAndTell((image) => {
      const alive = this.#engine.aliveBrokers();
      const { records, result: unclean } = reconcileBrokers({
        ...{ image, config: this.#config, alive },
        ...(gone && { gone }),
      });
      return { records, result: { unclean } };
    });
  }

  /** A broker wants to stop. True once it has handed over what it can, and waiting would not change that. */
  async beginShutdown(broker: BrokerRun): Promise<boolean> {
    const { waitsFor } = await this.#decide((image) => decideShutdown(image, this.#config, broker), {
      validateOnly: false,
    });
    return waitsFor === 0;
  }

  /** A broker closes all its log directories to new replicas, or opens one again. */
  cordon(broker: BrokerRun, cordoned: boolean): Promise<void> {
    return this.#decide((image) => ({ records: decideCordon(image, broker, cordoned), result: undefined }), {
      validateOnly: false,
    });
  }

  /** As `#decide`; elections that may have lost records are told once they are durable. */
  async #decideAndTell<Result extends { readonly unclean: readonly UncleanElection[] }>(
    decide: (image: ClusterImage) => Decision<Result>,
  ): Promise<Result> {
    const result = await this.#decide(decide, { validateOnly: false });
    for (const election of result.unclean) this.#onUncleanElection(election);
    return result;
  }

  #topicContext(image: ClusterImage) {
    return { image, config: this.#config, draws: this.#draws };
  }

  /** Throws ControllerUnavailable. */
  async #decide<Result>(decide: (image: ClusterImage) => Decision<Result>, options: CommandOptions): Promise<Result> {
    const { records, result } = decide(this.#engine.pending);
    // A refusal may rest on a decision that is under way ("exists already"): an empty batch waits for it too.
    const nothing = options.validateOnly || records.length === 0;
    if (nothing && this.#engine.pending === this.#engine.image) return result;
    await this.#append(nothing ? [] : records);
    return result;
  }

  async #append(records: readonly MetadataRecord[]): Promise<void> {
    const { batchBytesMax } = this.#engine;
    try {
      // All of them in this turn: nothing else is decided in between.
      const appends: Promise<number>[] = [];
      for (const batch of recordBatches(records, batchBytesMax)) {
        const { offset } = this.#engine.pending;
        appends.push(this.#engine.append(this.#leadership.epoch, offset, batch));
        // Refused: the parts before it come to nothing when something else follows them.
        if (this.#engine.pending.offset === offset) break;
      }
      await Promise.all(appends);
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      throw new ControllerUnavailable(wireErrorOf(error), error.message, { cause: error });
    }
  }
}

/** A replacement of all settings may name it by leaving it out. */
function mayAllowUnclean({ mode, changes }: ConfigWish): boolean {
  return mode === 'replace' || changes.some(({ name }) => name === 'unclean.leader.election.enable');
}

function wireErrorOf(error: EngineError): WireError {
  return error.code === 'FENCED' || error.code === 'CLOSED' ? 'NOT_CONTROLLER' : 'KAFKA_STORAGE_ERROR';
}
