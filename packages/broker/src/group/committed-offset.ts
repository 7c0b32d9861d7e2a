/** How far a group has read one partition, as stored. */
export interface CommittedOffset {
  readonly offset: number;
  /** Of the record before it; -1 not known. */
  readonly leaderEpoch: number;
  /** The client's own text; empty when none. */
  readonly metadata: string;
  readonly commitTimestampMs: number;
  /** Set only where a client of API v2-4 wished for a time of its own; then nothing else decides when it goes. */
  readonly expireTimestampMs: number | undefined;
  /** The topic it was committed for; the zero uuid in records of older brokers. */
  readonly topicId: string;
}
