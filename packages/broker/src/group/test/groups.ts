// Groups brought into a phase, for table tests.
import { must } from '@moldau/kernel';
import type { JoinAnswer } from '../commands.ts';
import { Harness, joinCommand, settle } from './harness.ts';

export type PhaseName = 'none' | 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable';

/** What a request of the member `a-1` has to say to be up to date. */
export interface Arranged {
  readonly harness: Harness;
  readonly memberId: string;
  readonly generation: number;
}

/** A group `g` in the phase. From CompletingRebalance on `a-1` is a member; in PreparingRebalance `b-2` has called it back. */
export async function arrange(phase: PhaseName, instanceId: string | null = null): Promise<Arranged> {
  const harness = new Harness();
  await harness.load();
  const memberId = 'a-1';
  if (phase === 'none') return { harness, memberId, generation: -1 };
  const joined = harness.submit(joinCommand('g', { newMemberId: memberId, instanceId }));
  harness.time.advance(3_000);
  const { generation } = (await joined) as JoinAnswer;
  if (phase === 'CompletingRebalance') return { harness, memberId, generation };
  const assignments = [{ memberId, assignment: Buffer.from('all') }];
  await harness.submit({
    kind: 'sync',
    groupId: 'g',
    memberId,
    instanceId,
    generation,
    protocolType: null,
    protocol: null,
    assignments,
  });
  if (phase === 'PreparingRebalance') void harness.submit(joinCommand('g', { newMemberId: 'b-2' }));
  if (phase === 'Empty') {
    await harness.submit({ kind: 'leave', groupId: 'g', members: [{ memberId, instanceId, reason: null }] });
  }
  await settle();
  const group = must(harness.machine.groups.get('g'), 'the group');
  if (group.phase.kind !== phase) throw new Error(`the group is ${group.phase.kind}, not ${phase}`);
  return { harness, memberId, generation: group.generation };
}
