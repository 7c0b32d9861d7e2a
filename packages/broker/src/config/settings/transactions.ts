// Transactions. None is served yet: every setting is taken and waits.
import { boolean, int, short } from '../setting.ts';

const inert = 'transactions are not served yet';

export const TRANSACTION_SETTINGS = {
  'transaction.state.log.num.partitions': int(50, 'Partitions of __transaction_state.', {
    min: 1,
    importance: 'HIGH',
    inert,
  }),
  'transaction.state.log.replication.factor': short(3, 'Replicas of __transaction_state.', {
    min: 1,
    importance: 'HIGH',
    inert,
  }),
  'transaction.state.log.min.isr': int(2, 'The min.insync.replicas of __transaction_state.', {
    min: 1,
    importance: 'HIGH',
    inert,
  }),
  'transaction.state.log.segment.bytes': int(104_857_600, 'Segment size of __transaction_state.', {
    min: 1,
    importance: 'HIGH',
    inert,
  }),
  'transaction.state.log.load.buffer.size': int(5_242_880, 'Bytes read at a time when transactions are loaded.', {
    min: 1,
    importance: 'HIGH',
    inert,
  }),
  'transaction.max.timeout.ms': int(900_000, 'Longest transaction timeout a producer may ask for.', {
    min: 1,
    importance: 'HIGH',
    inert,
  }),
  'transactional.id.expiration.ms': int(604_800_000, 'How long an idle transactional id is remembered.', {
    min: 1,
    importance: 'HIGH',
    inert,
  }),
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': int(
    10_000,
    'How often timed out transactions are aborted.',
    {
      min: 1,
      importance: 'LOW',
      inert,
    },
  ),
  'transaction.remove.expired.transaction.cleanup.interval.ms': int(
    3_600_000,
    'How often expired transactional ids are removed.',
    { min: 1, importance: 'LOW', inert },
  ),
  'transaction.partition.verification.enable': boolean(
    true,
    'Check that a partition belongs to the transaction it is written in.',
    { importance: 'LOW', mode: 'cluster-wide', inert },
  ),
  'transaction.two.phase.commit.enable': boolean(false, 'Allow transactions that a client ends in two phases.', {
    importance: 'LOW',
    inert,
  }),
  'add.partitions.to.txn.retry.backoff.ms': int(
    20,
    'Wait before AddPartitionsToTxn is tried again inside the broker.',
    {
      min: 1,
      importance: 'HIGH',
      inert,
    },
  ),
  'add.partitions.to.txn.retry.backoff.max.ms': int(
    100,
    'Longest time AddPartitionsToTxn is tried again inside the broker.',
    {
      min: 0,
      importance: 'HIGH',
      inert,
    },
  ),
};
