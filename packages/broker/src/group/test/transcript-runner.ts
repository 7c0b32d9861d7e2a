// Plays a transcript: commands in, everything that came of them out, as text. The text files beside the tests are both the
// scenarios and their full expected output; MOLDAU_REWRITE_TRANSCRIPTS=1 writes the output anew for a person to review.
//
//   # a remark
//   > join g client=a session=10s rebalance=60s protocols=range:t1,t2 reason=…
//     #1 join MEMBER_ID_REQUIRED member=a-1
//
// A line `#n` is the answer to command n, which may come much later than the command.

import type { TimerChange } from '../../replicated-machine/machine.ts';
import type { ShardRefusal } from '../../replicated-machine/shard.ts';
import { membersOf } from '../classic-group.ts';
import type { GroupAnswer, GroupCommand } from '../commands.ts';
import type { GroupNotice } from '../notices.ts';
import type { RebalanceCause } from '../rebalance-history.ts';
import type { GroupRecord } from '../records.ts';
import { subscriptionTopics } from '../subscriptions.ts';
import { Harness, joinCommand, settle, subscription } from './harness.ts';

export async function play(transcript: string): Promise<string> {
  const player = new Player();
  const output: string[] = [];
  for (const line of transcript.split('\n')) {
    if (line.startsWith('  ')) continue;
    output.push(line);
    if (line.startsWith('> ')) output.push(...(await player.run(line.slice(2))).map((text) => `  ${text}`));
  }
  return output.join('\n');
}

class Player {
  readonly #lines: string[] = [];
  readonly #harness: Harness;
  #started = false;
  #memberCount = 0;
  #commandCount = 0;
  #phases = '';

  constructor() {
    this.#harness = new Harness(
      {},
      {
        applied: (record) => this.#lines.push(`log ${recordText(record)}`),
        decided: (decision) => this.#lines.push(...decision.timers.map((timer) => this.#timerText(timer))),
      },
    );
  }

  async run(line: string): Promise<string[]> {
    const harness = this.#harness;
    if (!this.#started) await harness.load();
    this.#started = true;
    this.#lines.length = 0;
    const [verb, ...words] = line.split(' ').filter((word) => word !== '');
    switch (verb) {
      case 'advance':
        await this.#advance(milliseconds(words[0]!));
        break;
      case 'stall':
        harness.time.stall(milliseconds(words[0]!));
        break;
      case 'hold':
        harness.log.holdsPersisting = true;
        break;
      case 'persist':
        harness.log.holdsPersisting = false;
        harness.log.persist();
        break;
      case 'refuse':
        harness.log.refuses = words[0] as never;
        break;
      case 'accept':
        harness.log.refuses = undefined;
        break;
      case 'fail-disk':
        harness.log.fail(new Error('EIO'));
        break;
      case 'crash':
        await harness.crash();
        break;
      case 'set': {
        const [name, value] = words[0]!.split('=');
        (harness.settings as Record<string, number>)[name!] = Number(value);
        break;
      }
      default:
        this.#submit(this.#parse(verb!, words));
    }
    await settle();
    this.#lines.push(...harness.notices.splice(0).flatMap(noticeText));
    this.#lines.push(...harness.failures.splice(0).map((error) => `shard failed: ${error.message}`));
    this.#tellPhases();
    return this.#lines;
  }

  /** Step by step, so that answers appear between the timers that caused them. */
  async #advance(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 500) {
      this.#harness.time.advance(Math.min(500, left));
      await settle();
    }
  }

  #submit(command: GroupCommand): void {
    const number = ++this.#commandCount;
    void this.#harness.submit(command).then((answer) => this.#lines.push(`#${number} ${answerText(answer)}`));
  }

  #parse(verb: string, words: readonly string[]): GroupCommand {
    const groupId = words[0] ?? '';
    const options = new Map(
      words.flatMap((word) =>
        word.includes('=') ? [[word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)] as const] : [],
      ),
    );
    const plain = words.slice(1).filter((word) => !/^[a-z]+=/.test(word) || word.includes('/'));
    const text = (name: string, otherwise: string) => options.get(name) ?? otherwise;
    const known = { groupId, memberId: text('member', ''), instanceId: options.get('instance') ?? null };
    const generation = Number(text('gen', '-1'));
    switch (verb) {
      case 'join': {
        const version = Number(text('v', '9'));
        const clientId = text('client', 'c');
        return joinCommand(groupId, {
          ...known,
          newMemberId: `${options.get('instance') ?? clientId}-${++this.#memberCount}`,
          clientId,
          sessionTimeoutMs: milliseconds(text('session', '10s')),
          rebalanceTimeoutMs: milliseconds(text('rebalance', '60s')),
          protocolType: text('type', 'consumer'),
          protocols: text('protocols', 'range:t1')
            .split(';')
            .filter((protocol) => protocol !== '-')
            .map((protocol) =>
              subscription(
                protocol.split(':')[0]!,
                (protocol.split(':')[1] ?? '').split(',').filter((topic) => topic !== ''),
              ),
            ),
          reason: options.get('reason')?.replaceAll('_', ' ') ?? null,
          needsKnownMemberId: version >= 4,
          canSkipAssignment: version >= 9,
        });
      }
      case 'sync':
        return {
          kind: 'sync',
          ...known,
          generation,
          protocolType: options.get('type') ?? null,
          protocol: options.get('protocol') ?? null,
          assignments: text('assign', '')
            .split(';')
            .filter((part) => part !== '')
            .map((part) => ({ memberId: part.split(':')[0]!, assignment: Buffer.from(part.split(':')[1] ?? '') })),
        };
      case 'heartbeat':
        return { kind: 'heartbeat', ...known, generation };
      case 'leave': {
        const reason = options.get('reason')?.replaceAll('_', ' ') ?? null;
        const byId = text('member', '')
          .split(',')
          .filter((id) => id !== '');
        const members =
          byId.length > 0
            ? byId.map((memberId) => ({ memberId, instanceId: known.instanceId, reason }))
            : text('instance', '')
                .split(',')
                .map((instanceId) => ({ memberId: '', instanceId, reason }));
        return { kind: 'leave', groupId, members };
      }
      case 'commit':
        return {
          kind: 'commit',
          ...known,
          generation,
          retentionMs: options.has('retention') ? milliseconds(text('retention', '')) : undefined,
          missingGroupError: Number(text('v', '10')) >= 9 ? 'GROUP_ID_NOT_FOUND' : 'ILLEGAL_GENERATION',
          topics: plain.map((word) => {
            const [, name, partition, offset, metadata] = /^([^/]+)\/(\d+)=(\d+)(?::(.*))?$/.exec(word)!;
            return {
              name: name!,
              topicId: topicIdOf(name!),
              partitions: [
                {
                  partition: Number(partition),
                  offset: Number(offset),
                  leaderEpoch: 0,
                  metadata: repeated(metadata ?? ''),
                },
              ],
            };
          }),
        };
      case 'fetch':
        return {
          kind: 'fetchOffsets',
          groupId,
          requireStable: words.includes('stable'),
          topics: words.includes('all')
            ? null
            : plain
                .filter((word) => word.includes('/'))
                .map((word) => ({
                  name: word.split('/')[0]!,
                  topicId: topicIdOf(word.split('/')[0]!),
                  partitions: [Number(word.split('/')[1])],
                })),
        };
      case 'delete-offsets':
        return {
          kind: 'deleteOffsets',
          groupId,
          topics: plain.map((word) => ({ name: word.split('/')[0]!, partitions: [Number(word.split('/')[1])] })),
        };
      case 'describe':
        return { kind: 'describe', groupIds: words };
      case 'list':
        return {
          kind: 'list',
          states: options.get('states')?.split(',') ?? [],
          types: options.get('types')?.split(',') ?? [],
        };
      case 'delete-groups':
        return { kind: 'deleteGroups', groupIds: words };
      case 'sweep':
        return { kind: 'sweep' };
      case 'topic-deleted':
        return { kind: 'topicsDeleted', topics: words.map((name) => ({ name, topicId: topicIdOf(name) })) };
      default:
        throw new Error(`no such command in a transcript: ${verb}`);
    }
  }

  #timerText(timer: TimerChange): string {
    const name = timer.name
      .replace(/\/\d+\//, ' ')
      .replace('/', ' ')
      .trim();
    if ('cancel' in timer) return `timer ${name} off`;
    return `timer ${name} in ${seconds(timer.atMs - this.#harness.time.clock.monotonic())}`;
  }

  /** A line when any group is in another phase than after the last command. */
  #tellPhases(): void {
    const phases = [...this.#harness.machine.groups.values()].map((group) => {
      const members = [...membersOf(group).values()].map((member) => member.memberId);
      const waiting =
        group.phase.kind === 'PreparingRebalance' || group.phase.kind === 'CompletingRebalance'
          ? [...group.phase.waiting.keys()]
          : [];
      const parts = [
        `${group.groupId}: ${group.phase.kind} generation ${group.generation}`,
        members.length > 0 ? `members ${members.join(' ')}` : '',
        waiting.length > 0 ? `parked ${waiting.join(' ')}` : '',
        group.pendingMembers.size > 0 ? `pending ${[...group.pendingMembers].join(' ')}` : '',
      ];
      return parts.filter((part) => part !== '').join(', ');
    });
    const text = phases.join('\n');
    if (text !== this.#phases)
      this.#lines.push(...(phases.length > 0 ? phases.map((phase) => `now ${phase}`) : ['now no groups']));
    this.#phases = text;
  }
}

function recordText(record: GroupRecord): string {
  switch (record.kind) {
    case 'groupCreated':
      return `group ${record.groupId} created`;
    case 'groupRemoved':
      return `group ${record.groupId} removed`;
    case 'offset': {
      const { offset, metadata, expireTimestampMs } = record.committed;
      const shown = metadata.length > 20 ? ` ${metadata.length} characters` : metadata === '' ? '' : ` "${metadata}"`;
      return `offset ${record.groupId} ${record.topic}/${record.partition} = ${offset}${shown}${expireTimestampMs === undefined ? '' : ' with expiry'}`;
    }
    case 'offsetRemoved':
      return `offset ${record.groupId} ${record.topic}/${record.partition} removed`;
    case 'group': {
      const { generation, protocolType, protocol, leader, members } = record.group;
      const shown = members.map(
        (member) =>
          `${member.memberId}${member.instanceId === undefined ? '' : `(${member.instanceId})`}=${member.assignment}`,
      );
      return `group ${record.groupId} generation ${generation} ${protocolType}/${protocol ?? '-'} leader ${leader ?? '-'} members [${shown.join(' ')}]`;
    }
  }
}

function answerText(answer: GroupAnswer | ShardRefusal): string {
  switch (answer.kind) {
    case 'refused':
      return `refused ${answer.error}`;
    case 'join': {
      if (answer.error !== 'NONE') return `join ${answer.error} member=${answer.memberId}`;
      const members = answer.members.map((member) => {
        const topics = subscriptionTopics(member.metadata)?.join(',') ?? 'unreadable';
        return `${member.memberId}${member.instanceId === undefined ? '' : `(${member.instanceId})`}:${topics}`;
      });
      return `join NONE member=${answer.memberId} generation=${answer.generation} ${answer.protocolType}/${answer.protocol} leader=${answer.leader}${answer.skipAssignment ? ' skip' : ''}${members.length > 0 ? ` members=[${members.join(' ')}]` : ''}`;
    }
    case 'sync':
      return answer.error === 'NONE'
        ? `sync NONE ${answer.protocolType}/${answer.protocol} assignment=${answer.assignment}`
        : `sync ${answer.error}`;
    case 'heartbeat':
      return `heartbeat ${answer.error}`;
    case 'leave':
      return `leave ${answer.members.map((member) => `${member.memberId || `instance ${member.instanceId}`}:${member.error}`).join(' ')}`;
    case 'commit':
    case 'deleteOffsets': {
      const results = answer.topics.flatMap(({ name, partitions }) =>
        partitions.map(({ partition, error }) => `${name}/${partition}:${error}`),
      );
      return `${answer.kind} ${answer.error} ${results.join(' ')}`.trimEnd();
    }
    case 'fetchOffsets':
      return `fetch ${answer.topics.flatMap(({ name, partitions }) => partitions.map(({ partition, offset, metadata, error }) => `${name}/${partition}=${error === 'NONE' ? offset : error}${metadata === '' ? '' : `:${metadata}`}`)).join(' ')}`.trimEnd();
    case 'describe':
      return `describe ${answer.groups.map((group) => `${group.groupId} ${group.found ? '' : 'not found, '}${group.state} ${group.protocolType}/${group.protocol} [${group.members.map((member) => `${member.memberId}@${member.clientHost} ${member.metadata.length} bytes, assigned ${member.assignment}`).join('; ')}]`).join(' | ')}`;
    case 'list':
      return `list ${answer.groups.map((group) => `${group.groupId} ${group.type} ${group.state} ${group.protocolType}`).join(' | ')}`;
    case 'deleteGroups':
      return `delete ${answer.groups.map(({ groupId, error }) => `${groupId}:${error}`).join(' ')}`;
    case 'done':
      return 'done';
  }
}

function noticeText(notice: GroupNotice): string[] {
  switch (notice.kind) {
    case 'rebalanceStarted':
      return [
        `notice rebalance of ${notice.groupId} starts, generation ${notice.generation}, ${notice.memberCount} members: ${causeText(notice.cause)}`,
      ];
    case 'rebalanceFinished': {
      const { rebalance } = notice;
      return [
        `notice rebalance of ${rebalance.groupId} ${rebalance.outcome}: generation ${rebalance.fromGeneration} to ${rebalance.generation}, members ${rebalance.membersBefore} to ${rebalance.membersAfter}, preparing ${seconds(rebalance.preparingMs)}, completing ${seconds(rebalance.completingMs)}`,
        ...rebalance.causes.map((cause) => `  because ${causeText(cause)}`),
      ];
    }
    case 'staticMemberReplaced':
      return [
        `notice static member ${notice.instanceId} of ${notice.groupId}: ${notice.oldMemberId} is ${notice.newMemberId} now${notice.rebalances ? '' : ', without a rebalance'}`,
      ];
    default: {
      const { kind, ...rest } = notice;
      return [
        `notice ${kind} ${Object.entries(rest)
          .map(([name, value]) => `${name}=${value}`)
          .join(' ')}`,
      ];
    }
  }
}

function causeText(cause: RebalanceCause): string {
  const who = cause.memberId === undefined ? '' : ` ${cause.memberId}`;
  return `${cause.kind}${who}${cause.reason === undefined ? '' : ` (${cause.reason})`}`;
}

function seconds(ms: number): string {
  return `${Math.round(ms) / 1000}s`;
}

function milliseconds(text: string): number {
  const [, value, unit] = /^(\d+)(ms|s|m|h|d)$/.exec(text)!;
  return Number(value) * { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[unit as 'ms'];
}

/** `x*5000` stands for five thousand times x. */
function repeated(text: string): string {
  const [, piece, count] = /^(.+)\*(\d+)$/.exec(text) ?? [];
  return piece === undefined ? text : piece.repeat(Number(count));
}

/** A topic id that a reader can recognise. */
function topicIdOf(name: string): string {
  return `${`topic${name}`.replaceAll(/[^A-Za-z0-9]/g, '').padEnd(21, '0')}A`;
}
