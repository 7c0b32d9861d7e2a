// Which broker a partition is fetched from: its leader, or for a while the replica that the leader named as nearer to
// client.rack (KIP-392). Pure.
// Always: a named replica serves until metadata.max.age.ms are over, it refuses, cannot be reached or leaves the cluster;
// then the leader is asked again, and may name another.
import type { WireError } from '@moldau/protocol';

export interface ReadReplica {
  readonly nodeId: number;
  /** Monotonic. */
  readonly until: number;
}

export interface Route {
  readonly nodeId: number | undefined;
  /** What stays of the leader's word. */
  readonly replica: ReadReplica | undefined;
}

/** `leader` undefined: there is none at the moment; a replica goes on serving what it has. */
export function routed(
  replica: ReadReplica | undefined,
  leader: number | undefined,
  now: number,
  isKnown: (nodeId: number) => boolean,
): Route {
  if (!replica || replica.until <= now || !isKnown(replica.nodeId)) return { nodeId: leader, replica: undefined };
  return { nodeId: replica.nodeId, replica };
}

/** After the leader has answered; -1 names nobody. */
export function named(preferredReadReplica: number, leader: number | undefined, now: number, ageMs: number) {
  if (preferredReadReplica < 0 || preferredReadReplica === leader) return undefined;
  return { nodeId: preferredReadReplica, until: now + ageMs };
}

/**
 * A replica refused. Behind its own leader it may not have the offset yet, or not have it any more: what it says of the
 * range is no verdict on the position, the leader's word is.
 */
export function isLeadersBusiness(replica: ReadReplica | undefined, from: number, error: WireError): boolean {
  return replica?.nodeId === from && error === 'OFFSET_OUT_OF_RANGE';
}
