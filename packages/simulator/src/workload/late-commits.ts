// A commit that lay somewhere on its way until the group had gone on: the request of a member, under a generation that is
// over, arrives when the partitions may have other owners. Taken, it would put their progress back (invariant 29), so the
// coordinator has to refuse it, whoever sends it. Clients seldom make one; here it is made on purpose.
import { KafkaError } from '@moldau/client';
import { Cluster } from '@moldau/client/cluster/cluster';
import {
  type CommitEntry,
  commitOutcomes,
  commitRequest,
  OFFSET_COMMIT_NEWEST,
} from '@moldau/client/group/committed-offsets';
import { CoordinatorLink } from '@moldau/client/group/coordinator-link';
import { ADMIN_SETTINGS } from '@moldau/client/settings/admin-settings';
import { resolveSettings } from '@moldau/client/settings/setting';
import { Broken } from '../oracles/broken.ts';
import type { ClientHost } from './client-host.ts';

export interface LateCommit {
  readonly group: string;
  readonly memberId: string;
  /** Over: its group has been given assignments in a later one, which the store of offsets has. */
  readonly generation: number;
  readonly offsets: readonly CommitEntry[];
}

/** Sends it after `delayMs`. Being taken ends the run; an error, or no answer, is what is expected. */
export async function commitLate(host: ClientHost, late: LateCommit, delayMs: number): Promise<void> {
  await host.sleep(delayMs);
  if (host.stopping) return;
  const { ports, ...given } = host.common;
  const settings = { ...resolveSettings(ADMIN_SETTINGS, given), clientId: 'late' };
  const cluster = new Cluster({ ports, settings, interest: () => ({ kind: 'topics', names: new Set() }) });
  try {
    const committer = {
      ...{ groupId: late.group, generationId: late.generation, memberId: late.memberId },
      groupInstanceId: null,
    };
    const link = new CoordinatorLink(cluster, late.group);
    const answer = await link.ask('OffsetCommit', () => commitRequest(committer, late.offsets), OFFSET_COMMIT_NEWEST);
    for (const { topic, partition, error } of commitOutcomes(answer)) {
      if (error !== undefined) continue;
      const where = `${topic}-${partition}`;
      const what = `a commit of ${late.memberId} under generation ${late.generation}, which is over, was taken`;
      host.world.fail(new Broken(29, `${late.group} ${where}: ${what}`));
    }
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error;
    host.met(error);
  } finally {
    await cluster.close();
  }
}
