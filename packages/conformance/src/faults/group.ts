// A consumer group that lives through every kill, and changes: members leave and others come in their place. What was
// delivered, attempted and acknowledged goes into the history, and so does what the broker says is committed.
import { APIS } from '@moldau/protocol';
import type { History } from './history.ts';
import { openLink } from './link.ts';
import { type MemberOptions, PersistentMember } from './member.ts';

export class PersistentGroup {
  readonly #o: Omit<MemberOptions, 'name'>;
  readonly #history: History;
  readonly #members: PersistentMember[] = [];
  #joinsOfGone = 0;
  #names = 0;

  constructor(o: Omit<MemberOptions, 'name'>, history: History) {
    this.#o = o;
    this.#history = history;
  }

  /** How many times a member became part of a generation. */
  get joins(): number {
    return this.#members.reduce((sum, member) => sum + member.joins, this.#joinsOfGone);
  }

  add(): void {
    this.#members.push(new PersistentMember({ ...this.#o, name: `member-${++this.#names}` }, this.#history));
  }

  /** The oldest member leaves. */
  async dropOldest(): Promise<void> {
    const member = this.#members.shift();
    await member?.leave();
    this.#joinsOfGone += member?.joins ?? 0;
  }

  /** Asks the broker what the group has committed and notes it. -1 stands for nothing yet. */
  async observe(): Promise<number[]> {
    const link = await openLink({ ...this.#o, clientId: 'observer' }, () => true);
    if (!link) return [];
    const { topic, partitions, group } = this.#o;
    const all = Array.from({ length: partitions }, (_, partition) => partition);
    const { commits } = this.#history;
    try {
      for (;;) {
        // What was acknowledged before the question is asked must be in the answer; what is attempted until the answer
        // comes may be. So the observation stands behind those attempts and before the acknowledgements that came late.
        const asked = commits.length;
        const answer = await link.ask(APIS.OffsetFetch, 5, {
          groupId: group,
          topics: [{ name: topic, partitionIndexes: all }],
        });
        const found = answer.topics[0]?.partitions ?? [];
        if (answer.errorCode !== 0 || found.some(({ errorCode }) => errorCode !== 0)) {
          await new Promise((resolve) => setTimeout(resolve, 20)); // the coordinator is loading
          continue;
        }
        const late = commits.splice(Math.min(asked, commits.length));
        commits.push(...late.filter(({ kind }) => kind === 'attempt'));
        for (const { partitionIndex, committedOffset } of found) {
          commits.push({ kind: 'observed', partition: partitionIndex, offset: Math.max(0, committedOffset) });
        }
        commits.push(...late.filter(({ kind }) => kind !== 'attempt'));
        return found.map(({ committedOffset }) => committedOffset);
      }
    } finally {
      link.close();
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.leave()));
  }
}
