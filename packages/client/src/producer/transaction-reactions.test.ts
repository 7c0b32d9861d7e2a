// Each error of each request against what Kafka's TransactionManager does about it; and KIP-1050's classes.
import type { WireError } from '@moldau/protocol';
import { expect, test } from 'vitest';
import { KafkaError } from '../errors.ts';
import { type Reaction, reactionTo, type StepKind, transactionErrorClass } from './transaction-reactions.ts';

const TABLE: readonly [WireError, { readonly [K in StepKind]: Reaction }][] = [
  // error                      find, init, addPartitions, addOffsets, commitOffsets, end
  row('COORDINATOR_NOT_AVAILABLE', 'again lookUp lookUp lookUp lookUp lookUp'),
  row('NOT_COORDINATOR', 'again lookUp lookUp lookUp lookUp lookUp'),
  row('COORDINATOR_LOAD_IN_PROGRESS', 'again again again again again again'),
  row('CONCURRENT_TRANSACTIONS', 'again again again again again again'),
  row('PRODUCER_FENCED', 'fenced fenced fenced fenced fenced fenced'),
  row('INVALID_PRODUCER_EPOCH', 'fenced fenced fenced fenced fenced fenced'),
  row('TRANSACTIONAL_ID_AUTHORIZATION_FAILED', 'fatal fatal fatal fatal fatal fatal'),
  row('CLUSTER_AUTHORIZATION_FAILED', 'fatal fatal abort fatal fatal fatal'),
  row('GROUP_AUTHORIZATION_FAILED', 'abort fatal abort abort abort fatal'),
  row('TOPIC_AUTHORIZATION_FAILED', 'fatal fatal abort fatal abort fatal'),
  row('INVALID_TXN_STATE', 'fatal fatal fatal fatal fatal fatal'),
  row('INVALID_PRODUCER_ID_MAPPING', 'fatal fatal abort abort abort abort'),
  row('UNKNOWN_PRODUCER_ID', 'fatal fatal abort abort abort abort'),
  row('TRANSACTION_ABORTABLE', 'abort abort abort abort abort abort'),
  row('UNKNOWN_TOPIC_OR_PARTITION', 'again again again again again again'),
  row('REQUEST_TIMED_OUT', 'again again again again lookUp again'),
  row('ILLEGAL_GENERATION', 'fatal fatal abort fatal abort fatal'),
  row('FENCED_INSTANCE_ID', 'fatal fatal abort fatal abort fatal'),
  row('UNKNOWN_MEMBER_ID', 'fatal fatal abort fatal abort fatal'),
  row('INVALID_TRANSACTION_TIMEOUT', 'fatal fatal abort fatal fatal fatal'),
];

function row(error: WireError, reactions: string): [WireError, { readonly [K in StepKind]: Reaction }] {
  const [findCoordinator, initProducerId, addPartitions, addOffsets, commitOffsets, end] = reactions.split(
    ' ',
  ) as Reaction[];
  return [
    error,
    {
      findCoordinator: findCoordinator!,
      initProducerId: initProducerId!,
      addPartitions: addPartitions!,
      addOffsets: addOffsets!,
      commitOffsets: commitOffsets!,
      end: end!,
    },
  ];
}

test.each(TABLE)('%s', (error, expected) => {
  for (const [step, reaction] of Object.entries(expected)) {
    expect(`${step}: ${reactionTo(step as StepKind, error)}`).toBe(`${step}: ${reaction}`);
  }
});

test.each([
  ['CONCURRENT_TRANSACTIONS', 'retriable'],
  ['TRANSACTION_ABORTABLE', 'abortable'],
  ['PRODUCER_FENCED', 'applicationRecoverable'],
  ['COMMIT_FAILED', 'applicationRecoverable'],
  ['TRANSACTIONAL_ID_AUTHORIZATION_FAILED', 'invalidConfiguration'],
  ['INVALID_TXN_STATE', 'other'],
] as const)('%s is %s to the application', (error, expected) => {
  expect(transactionErrorClass(new KafkaError(error))).toBe(expected);
});
