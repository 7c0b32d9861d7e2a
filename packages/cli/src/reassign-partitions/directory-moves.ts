// Moves of replicas between the log directories of their brokers, the second half of a plan that names directories.
import type { AdminApi } from '@moldau/client/admin/admin-api';
import type { Outcome, ReplicaLogDir } from '@moldau/client/admin/admin-model';
import { partitionText } from '@moldau/client/topic-partition';
import type { Terminal } from '../terminal.ts';
import { byPartition, type Placement } from './reassignment-json.ts';
import { TerseError } from './terse-error.ts';

/** A replica may come to its broker only after a while; until then it is asked for again. */
const ASK_AGAIN_MS = 100;

const replicaText = (placement: Placement) => `${partitionText(placement)}-${placement.brokerId}`;
const byReplica = (a: Placement, b: Placement) => a.brokerId - b.brokerId || byPartition(a, b);

export interface DirectoryMove extends Placement {
  readonly place: ReplicaLogDir;
}

/** Where the replicas of the placements lie now. Throws when a broker does not say. */
export async function directoryMoves(admin: AdminApi, placements: readonly Placement[]): Promise<DirectoryMove[]> {
  if (placements.length === 0) return [];
  const found = await admin.describeReplicaLogDirs(
    placements.map(({ topic, partition, brokerId }) => ({ topic, partition, brokerId })),
  );
  return placements.map((placement, i) => {
    const place: Outcome<ReplicaLogDir> | undefined = found[i]?.place;
    if (place instanceof Error) throw place;
    return { ...placement, place: place ?? { current: undefined, future: undefined } };
  });
}

/** Is it on its way, here or elsewhere? */
export const isMoving = ({ place }: DirectoryMove): boolean => place.future !== undefined;

/** A line for each, by broker and partition; '' for none. */
export function directoryMovesText(moves: readonly DirectoryMove[]): string {
  return [...moves].sort(byReplica).map(moveText).join('\n');
}

function moveText(move: DirectoryMove): string {
  const { path, brokerId, place } = move;
  const partition = `Partition ${partitionText(move)}`;
  if (place.current === undefined) {
    return `${partition} is not found in any live log dir on broker ${brokerId}. There is likely an offline log directory on the broker.`;
  }
  if (place.future !== undefined) {
    return place.future.path === path
      ? `Reassignment of replica ${replicaText(move)} is still in progress.`
      : `${partition} on broker ${brokerId} is being moved to log dir ${place.future.path} instead of ${path}.`;
  }
  return place.current.path === path
    ? `Reassignment of replica ${replicaText(move)} completed successfully.`
    : `${partition} on broker ${brokerId} is not being moved from log dir ${place.current.path} to ${path}.`;
}

/** Begins the moves, waiting for replicas that are not there yet. Throws after `timeoutMs`. */
export async function startDirectoryMoves(
  admin: AdminApi,
  placements: readonly Placement[],
  timeoutMs: number,
  terminal: Terminal,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  let waiting = [...placements];
  for (;;) {
    const outcomes = await admin.alterReplicaLogDirs(waiting, { timeoutMs: ASK_AGAIN_MS * 50 });
    const later: Placement[] = [];
    const begun: Placement[] = [];
    for (const [i, { error }] of outcomes.entries()) {
      const placement = waiting[i]!;
      if (error === undefined) begun.push(placement);
      else if (error.error === 'REPLICA_NOT_AVAILABLE') later.push(placement);
      else throw new Error(`Failed to alter dir for ${replicaText(placement)}: ${error.message}`);
    }
    for (const move of begun.sort(byReplica)) {
      terminal.out(
        `Successfully started moving log directory to ${move.path} for replica ${partitionText(move)} with broker ${move.brokerId} \n`,
      );
    }
    waiting = later;
    if (waiting.length === 0) return;
    if (performance.now() >= deadline) {
      const names = waiting.sort(byReplica).map(replicaText).join(',');
      throw new TerseError(
        `Timed out before log directory move${waiting.length === 1 ? '' : 's'} could be started for: ${names}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
  }
}
