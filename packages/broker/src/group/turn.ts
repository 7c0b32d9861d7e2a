// One decision in the making: what the functions of this folder read (time, settings) and what they ask for (records,
// replies, timers, notices). Data in, data out; the runtime carries it out.
import type { WireError } from '@moldau/protocol/errors';
import type { BrokerConfig } from '../config/broker-config.ts';
import type { Decision, Now, Reply, Ticket, TimerChange } from '../replicated-machine/machine.ts';
import type { GroupAnswer } from './commands.ts';
import type { GroupNotice } from './notices.ts';
import type { GroupRecord } from './records.ts';

/** The settings that decide about groups. The broker's own object: dynamic changes are seen at the next decision. */
export type GroupSettings = Pick<
  BrokerConfig,
  'groupInitialRebalanceDelayMs' | 'groupMaxSize' | 'offsetMetadataMaxBytes' | 'offsetsRetentionMinutes'
>;

export class Turn implements Decision<GroupRecord, GroupAnswer, GroupNotice> {
  readonly now: Now;
  readonly settings: GroupSettings;
  readonly records: GroupRecord[] = [];
  readonly replies: Reply<GroupAnswer>[] = [];
  readonly timers: TimerChange[] = [];
  readonly notices: GroupNotice[] = [];
  divisible = false;

  constructor(now: Now, settings: GroupSettings) {
    this.now = now;
    this.settings = settings;
  }

  record(record: GroupRecord): void {
    this.records.push(record);
  }

  reply(ticket: Ticket, answer: GroupAnswer): void {
    this.replies.push({ ticket, answer });
  }

  notice(notice: GroupNotice): void {
    this.notices.push(notice);
  }

  /** Wishes to be called back in `delayMs`. */
  setTimer(name: string, delayMs: number): void {
    this.timers.push({ name, atMs: this.now.monotonicMs + delayMs });
  }

  cancelTimer(name: string): void {
    this.timers.push({ name, cancel: true });
  }

  heartbeat(ticket: Ticket, error: WireError): void {
    this.reply(ticket, { kind: 'heartbeat', error });
  }
}
