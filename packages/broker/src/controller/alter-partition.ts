// Decides what leaders wish their in-sync sets to be (AlterPartition; Kafka's ReplicationControlManager). Every check is a
// fence: a wish that rests on anything but the newest state of its partition, of its broker and of those who would join
// changes nothing (invariants 11, 24, 25). Pure.
import type { ClusterImage, PartitionState } from '@moldau/metadata';
import type { WireError } from '@moldau/protocol';
import type { BrokerConfig } from '../config/broker-config.ts';
import type { IsrOutcome, IsrWish } from './controller-access.ts';
import type { Decision } from './decision.ts';
import { PartitionChanges } from './partition-changes.ts';

/** Who wishes. */
export interface WishingBroker {
  readonly brokerId: number;
  readonly brokerEpoch: number;
}

export function decideAlterPartitions(
  image: ClusterImage,
  config: BrokerConfig,
  wishes: readonly IsrWish[],
  from: WishingBroker,
): Decision<IsrOutcome[]> {
  const broker = image.broker(from.brokerId);
  if (!broker || broker.brokerEpoch !== from.brokerEpoch || broker.fenced) {
    return { records: [], result: wishes.map(() => ({ error: 'STALE_BROKER_EPOCH', state: undefined })) };
  }
  const changes = new PartitionChanges(image, config);
  const result = wishes.map((wish): IsrOutcome => {
    const topic = image.topicById(wish.topicId);
    if (!topic) return { error: 'UNKNOWN_TOPIC_ID', state: undefined };
    const state = changes.stateOf(topic, wish.partition);
    if (!state) return { error: 'UNKNOWN_TOPIC_OR_PARTITION', state: undefined };
    const error = judge(image, wish, state, from.brokerId);
    if (error) return { error, state };
    const next = changes.change(topic, wish.partition, {
      isr: wish.newIsr.map(({ brokerId }) => brokerId),
      leaderRecoveryState: wish.leaderRecoveryState,
    });
    if (!next) return { error: 'NONE', state };
    // The new members completed a move, and the leader was one of those that go (KIP-455).
    const moved = next.leader !== state.leader || next.leaderEpoch !== state.leaderEpoch;
    return { error: moved ? 'NEW_LEADER_ELECTED' : 'NONE', state: next };
  });
  return { records: changes.records(), result };
}

function judge(image: ClusterImage, wish: IsrWish, state: PartitionState, from: number): WireError | undefined {
  // Ahead of us: this controller is the one that is behind.
  if (wish.leaderEpoch > state.leaderEpoch || wish.partitionEpoch > state.partitionEpoch) return 'NOT_CONTROLLER';
  if (wish.leaderEpoch < state.leaderEpoch) return 'FENCED_LEADER_EPOCH';
  if (state.leader !== from) return 'INVALID_REQUEST';
  if (wish.partitionEpoch < state.partitionEpoch) return 'INVALID_UPDATE_VERSION';
  const ids = wish.newIsr.map(({ brokerId }) => brokerId);
  const isSubset = ids.every((id) => state.replicas.includes(id)) && new Set(ids).size === ids.length;
  if (!isSubset || !ids.includes(from)) return 'INVALID_REQUEST';
  if (wish.leaderRecoveryState === 'recovering' && (state.leaderRecoveryState === 'recovered' || ids.length > 1)) {
    return 'INVALID_REQUEST';
  }
  // A leader on its way out stays until another one is in sync, which it could never tell of if it were not to be named.
  const eligible = wish.newIsr.every(
    ({ brokerId, brokerEpoch }) =>
      brokerId === from || image.isActive(brokerId, brokerEpoch < 0 ? undefined : brokerEpoch),
  );
  return eligible ? undefined : 'INELIGIBLE_REPLICA';
}
