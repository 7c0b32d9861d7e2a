// Log events of the controller and of the metadata store.
import { eventTable } from '../events.ts';

export const CONTROLLER_EVENTS = eventTable('controller', {
  elected: {
    level: 'info',
    meaning: 'This broker decides for the cluster.',
    fields: { epoch: 'number', topics: 'number', partitions: 'number' },
  },
  registered: {
    level: 'info',
    meaning: 'This broker is known to the cluster as alive.',
    fields: { brokerEpoch: 'number' },
  },
  recordsLost: {
    level: 'error',
    meaning:
      'After an unclean stop logs of durable topics end before what had been known to be safe: the disk lost or damaged what it had confirmed. This broker leaves the in-sync replicas of all partitions that have others, and copies from them. Check the disk.',
    fields: { partitions: 'number', example: 'text' },
  },
  registrationLost: {
    level: 'warn',
    meaning:
      'The cluster took this broker for gone. It leads nothing until it is registered again, which is under way.',
    fields: { brokerEpoch: 'number', reason: 'text' },
  },
  registrationFailed: {
    level: 'warn',
    meaning: 'This broker could not be registered again; it is tried on.',
    fields: { error: 'error', retryMs: 'duration' },
  },
  clusterFormed: {
    level: 'info',
    meaning: 'A new cluster begins here.',
    fields: { clusterId: 'text', directory: 'text' },
  },
  brokerGone: {
    level: 'warn',
    meaning:
      'Nobody listens at the address of a broker any more: its process has ended. It is fenced and led elsewhere.',
    fields: { brokerId: 'number', brokerEpoch: 'number' },
  },
  uncleanElection: {
    level: 'error',
    meaning:
      'A leader was elected from outside the in-sync replicas, as the topic allows or somebody ordered. Records that only the others had are lost.',
    fields: { topic: 'text', partition: 'number', leader: 'number', leaderEpoch: 'number' },
  },
  controlledShutdown: {
    level: 'info',
    meaning: 'This broker stops and has handed its leaderships over: nobody will miss it.',
    fields: { attempts: 'number', tookMs: 'duration' },
  },
  controlledShutdownIncomplete: {
    level: 'warn',
    meaning:
      'This broker stops without having handed over everything. What it leads is unavailable until another replica leads it or it is back; nothing acknowledged is lost.',
    fields: { attempts: 'number', tookMs: 'duration', partitions: 'number', reason: 'text' },
  },
  rebalanceFailed: {
    level: 'warn',
    meaning: 'Leadership could not be given back to preferred leaders; it is tried again with the next check.',
    fields: { error: 'error' },
  },
  quotaNotEnforced: {
    level: 'warn',
    meaning:
      'Quotas were set that nobody is held to yet: of client quotas only producer_byte_rate and consumer_byte_rate are enforced. The others are kept and described.',
    fields: { entities: 'number' },
  },
  controllerGone: {
    level: 'warn',
    meaning: 'Nobody listens at the address of the controller any more: its process has ended. Another one is elected.',
    fields: { brokerId: 'number' },
  },
  lost: {
    level: 'warn',
    meaning:
      'This broker decides for the cluster no more. Where no other broker does, topics and settings cannot be changed. Data is still served.',
    fields: { reason: 'text' },
  },
  reconcileFailed: {
    level: 'error',
    meaning: 'Brokers came or went and it could not be recorded yet; it is tried again.',
    fields: { error: 'error' },
  },
  storeTailCut: {
    level: 'warn',
    meaning:
      'The last change before an unclean stop was never finished and never acknowledged; its beginning was cut off.',
    fields: { file: 'text', sizeBytes: 'bytes' },
  },
  storeSnapshotTaken: {
    level: 'debug',
    meaning: 'The metadata log was replaced by a snapshot.',
    fields: { file: 'text', offset: 'number', sizeBytes: 'bytes' },
  },
  storeSnapshotFailed: {
    level: 'warn',
    meaning: 'No snapshot of the metadata could be written. Nothing is lost; the log grows until one succeeds.',
    fields: { error: 'error' },
  },
  storeSnapshotDamaged: {
    level: 'warn',
    meaning: 'A snapshot of the metadata is damaged; the one before it and the log were used. Check the disk.',
    fields: { file: 'text', detail: 'text' },
  },
  storeFailed: {
    level: 'error',
    meaning: 'The metadata of the cluster cannot be written any more. Check the disk, then restart.',
    fields: { error: 'error' },
  },
});
