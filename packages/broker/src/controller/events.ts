// Log events of the controller and of the metadata store.
import { eventTable } from '../events.ts';

export const CONTROLLER_EVENTS = eventTable('controller', {
  elected: {
    level: 'info',
    meaning: 'This broker decides for the cluster.',
    fields: { epoch: 'number', brokerEpoch: 'number', topics: 'number', partitions: 'number' },
  },
  clusterFormed: {
    level: 'info',
    meaning: 'A new cluster begins here.',
    fields: { clusterId: 'text', directory: 'text' },
  },
  lost: {
    level: 'error',
    meaning:
      'This broker decides no more: topics and settings cannot be changed until a restart. Data is still served.',
    fields: { reason: 'text' },
  },
  reconcileFailed: {
    level: 'error',
    meaning: 'Brokers came or went and it could not be recorded.',
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
