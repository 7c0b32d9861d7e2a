// The public face: what was done and seen, and whether it may have been.
export { check, type Verdict, type Violation, type ViolationKind } from './check.ts';
export { type FinalLog, History, type HistoryEvent, type PartitionKey } from './history.ts';
