// The ten fences that replication stands on, each with the edits that take it away and the test that must fail then. Every one
// of them was added to Kafka after a loss; none is optional. `node packages/simulator/src/node/fences.ts` takes them out one by
// one.
import type { SourceEdit } from '../node/source-copy.ts';

export interface Fence extends SourceEdit {
  /** Which of the ten. */
  readonly fence: string;
  /** The test file, from `packages/`, and part of the name of the test that fails without the fence. */
  readonly test: { readonly file: string; readonly name: string };
}

const fences = 'broker/src/partition/fences.test.ts';
const leaderTest = 'broker/src/partition/partition-leader.test.ts';
const modelTest = 'broker/src/partition/replication-model.test.ts';
const alterTest = 'broker/src/controller/reassignments.test.ts';
const leader = 'broker/src/partition/partition-leader.ts';
const partition = 'broker/src/partition/partition.ts';
const replicaFetch = 'broker/src/handlers/replica-fetch.ts';
const alter = 'broker/src/controller/alter-partition.ts';

export const FENCES: readonly Fence[] = [
  {
    fence: 'leader epoch',
    name: 'of a fetch',
    file: partition,
    text: 'if (epoch < 0 || epoch === this.#state.leaderEpoch) return undefined;',
    instead: 'if (epoch < 1e9) return undefined;',
    test: { file: fences, name: 'fence: leader epoch (a fetch of another term is refused' },
  },
  {
    fence: 'leader epoch',
    name: 'of an ISR wish',
    file: alter,
    text: "if (wish.leaderEpoch < state.leaderEpoch) return 'FENCED_LEADER_EPOCH';",
    instead: '',
    test: { file: alterTest, name: 'fence: leader epoch' },
  },
  {
    fence: 'leader epoch',
    name: 'of a log that is newer than the store',
    file: partition,
    text: 'if (latestEpoch !== undefined && latestEpoch > state.leaderEpoch) {',
    instead: 'if (1 > 2 && (latestEpoch !== undefined && latestEpoch > state.leaderEpoch)) {',
    test: { file: fences, name: 'fence: leader epochs of the store' },
  },
  {
    fence: 'broker epoch',
    name: 'of a fetch, against the registration',
    file: replicaFetch,
    text: 'if (!registered || registered.brokerEpoch !== replicaEpoch)',
    instead: 'if (!registered)',
    test: { file: fences, name: 'fence: broker epoch (a fetch under another than the registered one' },
  },
  {
    fence: 'broker epoch',
    name: 'of a late fetch of an earlier run',
    file: leader,
    text: 'if (fetch.brokerEpoch < follower.brokerEpoch) return undefined;',
    instead: '',
    test: { file: leaderTest, name: 'fence: broker epoch (a fetch of an earlier run is not heard' },
  },
  {
    fence: 'broker epoch',
    name: 'of who joins the in-sync set',
    file: leader,
    text: 'return facts.eligible(id, brokerEpoch);',
    instead: 'return true;',
    test: { file: leaderTest, name: 'fence: broker epoch (only a run that is registered joins' },
  },
  {
    fence: 'broker epoch',
    name: 'of every member in an ISR wish',
    file: 'broker/src/partition/isr-proposals.ts',
    text: ': (leading.followers.find(({ id }) => id === brokerId)?.brokerEpoch ?? -1),',
    instead: ': -1,',
    test: { file: fences, name: 'fence: broker epoch (an ISR wish names the run of every member' },
  },
  {
    fence: 'broker epoch',
    name: 'of the leader that wishes',
    file: alter,
    text: 'broker.brokerEpoch !== from.brokerEpoch ||',
    instead: '',
    test: { file: alterTest, name: 'fence: broker epoch of the leader' },
  },
  {
    fence: 'broker epoch',
    name: 'of a member that is wished in (KIP-903)',
    file: alter,
    text: 'image.isActive(brokerId, brokerEpoch < 0 ? undefined : brokerEpoch),',
    instead: 'image.isActive(brokerId, brokerEpoch < 1e9 ? undefined : brokerEpoch),',
    test: { file: alterTest, name: 'fence: broker epoch of a member' },
  },
  {
    fence: 'controller epoch',
    name: 'of an append to the embedded store',
    file: 'metadata/src/engines/embedded.ts',
    text: 'if (epoch !== this.#epoch) {',
    instead: 'if (epoch > 1e9) {',
    test: { file: 'metadata/src/engines/embedded.test.ts', name: 'fence: controller epoch' },
  },
  {
    fence: 'compare and swap',
    name: 'of an append to the embedded store',
    file: 'metadata/src/engines/embedded.ts',
    text: 'if (after !== this.#pending.offset) {',
    instead: 'if (after > 1e9) {',
    test: { file: 'metadata/src/engines/embedded.test.ts', name: 'fence: controller epoch' },
  },
  {
    fence: 'compare and swap',
    name: 'of a partition’s state (partition epoch)',
    file: alter,
    text: "if (wish.partitionEpoch < state.partitionEpoch) return 'INVALID_UPDATE_VERSION';",
    instead: '',
    test: { file: alterTest, name: 'fence: partition epoch (CAS)' },
  },
  {
    fence: 'maximal ISR',
    name: 'of the high watermark',
    file: leader,
    text: 'return leader.isr.includes(id) || (leader.proposal?.members.includes(id) ?? false);',
    instead: 'return leader.isr.includes(id);',
    also: { text: 'follower.logEnd >= 0 &&\n      follower.logEnd < end &&', instead: 'follower.logEnd < -1 &&' },
    test: { file: fences, name: 'fence: maximal ISR' },
  },
  {
    fence: 'leader epoch start',
    name: 'of who joins the in-sync set',
    file: leader,
    text: 'return follower.logEnd >= leader.highWatermark && follower.logEnd >= leader.epochStart;',
    instead: 'return follower.logEnd >= leader.highWatermark;',
    test: { file: modelTest, name: 'in every state of' },
  },
  {
    fence: 'strict min-ISR',
    name: 'of the high watermark',
    file: leader,
    text: 'return leader.isr.length >= effectiveMinInSync(leader);',
    instead: 'return true;',
    test: { file: leaderTest, name: 'fence: strict min.insync.replicas' },
  },
  {
    fence: 'strict min-ISR',
    name: 'of an append with acks=all',
    file: partition,
    text: 'if (inSync < needed) {',
    instead: 'if (inSync < 0) {',
    test: { file: fences, name: 'fence: strict min-ISR' },
  },
  {
    fence: 'topic id',
    name: 'of a log under the same name',
    file: 'broker/src/partition/partitions.ts',
    text: 'if (log.topicId !== topic.topicId) {',
    instead: "if (log.topicId === '') {",
    test: { file: fences, name: 'fence: topic id' },
  },
  {
    fence: 'producer epoch',
    name: 'of an append',
    file: 'storage/src/producer/producer-state.ts',
    text: 'if (!entry || entry.epoch < 0) return undefined;\n    if (epoch < entry.epoch) {',
    instead: 'if (!entry || entry.epoch < 0) return undefined;\n    if (epoch < -1) {',
    test: { file: fences, name: 'fence: producer epoch' },
  },
  {
    fence: 'coordinator epoch',
    name: 'of what a coordinator knows',
    file: 'broker/src/replicated-machine/shards.ts',
    text: '  close(partition: number): void {\n    this.#wanted.delete(partition);',
    instead: '  close(partition: number): void {\n    if (partition >= 0) return;\n    this.#wanted.delete(partition);',
    also: {
      text: 'if (this.#wanted.get(partition) === leaderEpoch) return;',
      instead: 'if (this.#wanted.has(partition)) return;',
    },
    test: { file: fences, name: 'fence: coordinator epoch' },
  },
];
