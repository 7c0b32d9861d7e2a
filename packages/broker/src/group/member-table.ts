// The members of one group, and what follows from all of them together: which protocols everybody supports, who holds
// which group.instance.id, how long a rebalance may take.
// Always: an instance id names one member; the counts of protocols are those of the members that are in.
import { assert } from '@moldau/kernel';

/** A protocol that a member offers, with its metadata for it (for consumers: the subscription). */
export interface MemberProtocol {
  readonly name: string;
  readonly metadata: Buffer;
}

/** One member. Replaced, never changed, so that a decision that comes to nothing leaves no trace. */
export interface Member {
  readonly memberId: string;
  /** group.instance.id of a static member (KIP-345). */
  readonly instanceId: string | undefined;
  readonly clientId: string;
  /** As Kafka prints an address: `/10.0.0.1`. */
  readonly clientHost: string;
  readonly rebalanceTimeoutMs: number;
  readonly sessionTimeoutMs: number;
  /** In the member's order of preference. */
  readonly protocols: readonly MemberProtocol[];
  /** What the leader gave it in the newest generation that was synced; empty before. */
  readonly assignment: Buffer;
  /** True until its first join was answered: it does not know its id yet and cannot send heartbeats. */
  readonly isNew: boolean;
  /** Name of its session timer, made once. */
  readonly sessionTimer: string;
}

export const EMPTY_BYTES = Buffer.alloc(0);

export class MemberTable {
  readonly #byId = new Map<string, Member>();
  readonly #byInstance = new Map<string, string>();
  readonly #supporters = new Map<string, number>();

  get size(): number {
    return this.#byId.size;
  }

  get(memberId: string): Member | undefined {
    return this.#byId.get(memberId);
  }

  has(memberId: string): boolean {
    return this.#byId.has(memberId);
  }

  /** In the order they came. */
  values(): IterableIterator<Member> {
    return this.#byId.values();
  }

  /** The member id that a group.instance.id stands for now. */
  memberIdOf(instanceId: string): string | undefined {
    return this.#byInstance.get(instanceId);
  }

  add(member: Member): void {
    assert(!this.#byId.has(member.memberId), `member ${member.memberId} is in the group already`);
    if (member.instanceId !== undefined) {
      assert(!this.#byInstance.has(member.instanceId), `instance ${member.instanceId} is in the group already`);
      this.#byInstance.set(member.instanceId, member.memberId);
    }
    this.#byId.set(member.memberId, member);
    this.#count(member, 1);
  }

  remove(memberId: string): Member | undefined {
    const member = this.#byId.get(memberId);
    if (!member) return undefined;
    this.#byId.delete(memberId);
    if (member.instanceId !== undefined) this.#byInstance.delete(member.instanceId);
    this.#count(member, -1);
    return member;
  }

  /** Puts a newer picture of a member in the place of the one with the same id. */
  update(member: Member): void {
    const old = this.#byId.get(member.memberId);
    assert(old !== undefined && old.instanceId === member.instanceId, `member ${member.memberId} cannot be updated`);
    this.#count(old, -1);
    this.#byId.set(member.memberId, member);
    this.#count(member, 1);
  }

  copy(): MemberTable {
    const table = new MemberTable();
    for (const member of this.#byId.values()) table.add(member);
    return table;
  }

  /** Whether every member supports at least one of these. True of an empty table: nobody objects. */
  supportAnyOf(protocols: readonly { readonly name: string }[]): boolean {
    return protocols.some(({ name }) => (this.#supporters.get(name) ?? 0) === this.#byId.size);
  }

  /**
   * The protocol that this generation uses: each member votes for the first of its own that all support; most votes win,
   * among equals the one voted for first. Undefined when there is none in common.
   */
  selectProtocol(): string | undefined {
    const votes = new Map<string, number>();
    for (const member of this.#byId.values()) {
      const vote = member.protocols.find(({ name }) => this.#supporters.get(name) === this.#byId.size);
      if (!vote) return undefined;
      votes.set(vote.name, (votes.get(vote.name) ?? 0) + 1);
    }
    let selected: string | undefined;
    for (const [name, count] of votes) if (selected === undefined || count > votes.get(selected)!) selected = name;
    return selected;
  }

  /** The longest that any member asked for: so long a rebalance may take. 0 without members. */
  rebalanceTimeoutMs(): number {
    let longest = 0;
    for (const { rebalanceTimeoutMs } of this.#byId.values()) longest = Math.max(longest, rebalanceTimeoutMs);
    return longest;
  }

  #count(member: Member, by: 1 | -1): void {
    // A name offered twice by one member counts once: it must not look like two members.
    for (const name of new Set(member.protocols.map((protocol) => protocol.name))) {
      const count = (this.#supporters.get(name) ?? 0) + by;
      if (count === 0) this.#supporters.delete(name);
      else this.#supporters.set(name, count);
    }
  }
}

/** The metadata of a member for a protocol; empty when it does not offer it. */
export function metadataOf(member: Member, protocol: string): Buffer {
  return member.protocols.find(({ name }) => name === protocol)?.metadata ?? EMPTY_BYTES;
}

/** Whether two offers are the same in names, order and bytes: then a rejoining member has changed nothing. */
export function sameProtocols(a: readonly MemberProtocol[], b: readonly MemberProtocol[]): boolean {
  return (
    a.length === b.length &&
    a.every((protocol, i) => protocol.name === b[i]!.name && protocol.metadata.equals(b[i]!.metadata))
  );
}
