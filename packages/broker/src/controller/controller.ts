// The controller as the handlers see it: commands in, results out when the cluster has decided, the decision is durable
// and this broker has applied it (its logs exist or are gone).
import type { ClusterImage } from '@moldau/metadata';
import type { WireError } from '@moldau/protocol/errors';

/** What a command got: NONE, or a refusal with Kafka's words. */
export interface Outcome {
  readonly error: WireError;
  readonly detail: string | null;
}

export interface TopicWish {
  readonly name: string;
  /** -1: the default of the cluster. */
  readonly numPartitions: number;
  /** -1: the default of the cluster. */
  readonly replicationFactor: number;
  readonly assignments: readonly { readonly partitionIndex: number; readonly brokerIds: readonly number[] }[];
  readonly configs: readonly { readonly name: string; readonly value: string | null }[];
}

export interface CreatedTopic extends Outcome {
  readonly name: string;
  readonly topicId: string;
  readonly numPartitions: number;
  readonly replicationFactor: number;
}

/** A block of producer ids that nobody else gets: first to first + count - 1. */
export interface ProducerIdBlock {
  readonly first: number;
  readonly count: number;
}

export interface Controller {
  /** Topics that are there in `image()` when this answers, or why not. Duplicated names are the handler's to refuse. */
  createTopics(wishes: readonly TopicWish[], options: { validateOnly: boolean }): Promise<CreatedTopic[]>;
  /**
   * Creates the topic with the cluster's defaults when it is not there; internal topics get their own settings.
   * Concurrent calls for a name share one creation. NONE also when it existed already.
   */
  ensureTopic(name: string): Promise<Outcome>;
  deleteTopics(topicIds: readonly string[]): Promise<Outcome[]>;
  /** 1000 ids, durable before this answers. */
  allocateProducerIds(): Promise<ProducerIdBlock>;
  image(): ClusterImage;
}
