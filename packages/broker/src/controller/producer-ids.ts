// Decides blocks of producer ids. An id is never handed out twice: the record is durable before the block is used
// (invariant 28). Pure.
import type { ClusterImage } from '@moldau/metadata';
import type { Decision } from './decision.ts';

/** Kafka's ProducerIdsBlock.PRODUCER_ID_BLOCK_SIZE. */
export const PRODUCER_ID_BLOCK = 1_000;

/** A block of producer ids that nobody else gets: first to first + count - 1. */
export interface ProducerIdBlock {
  readonly first: number;
  readonly count: number;
}

export function decideProducerIds(image: ClusterImage, brokerId: number): Decision<ProducerIdBlock> {
  const first = image.nextProducerId;
  const nextProducerId = first + PRODUCER_ID_BLOCK;
  return {
    records: [{ kind: 'producerIdsTaken', brokerId, nextProducerId }],
    result: { first, count: PRODUCER_ID_BLOCK },
  };
}
