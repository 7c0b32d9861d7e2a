// Plays a transcript of the controller: what happens to a cluster in, every record decided and every answer out, as text.
// The text files are both the scenarios and their full expected output; MOLDAU_REWRITE_TRANSCRIPTS=1 writes the output anew
// for a person to review.
//
//   # a remark
//   > isr t-0 1,2
//     log t-0 leader 1 epoch 0/1 isr 1,2 of 1,2,3
//     #4 isr NONE
//
// `epoch a/b` is the leader epoch and the partition epoch; `#n` answers command n, perhaps later than it was given.
import type { MetadataRecord, PartitionState } from '@moldau/metadata';
import { configOf } from '../../test/cluster-picture.ts';
import { Controller, ControllerUnavailable } from '../controller.ts';
import type { IsrWish } from '../controller-access.ts';
import { MemoryStore } from './memory-store.ts';

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

const settle = () => new Promise((resolve) => setImmediate(resolve));

class Player {
  readonly #lines: string[] = [];
  readonly #names = new Map<string, string>();
  readonly #store: MemoryStore;
  #controller: Controller | undefined;
  /** The one before. */
  #deposed: Controller | undefined;
  #commandCount = 0;
  #draws = 0;

  constructor() {
    this.#store = new MemoryStore((records) => {
      for (const record of records) this.#lines.push(...this.#recordText(record).map((text) => `log ${text}`));
    });
  }

  async run(line: string): Promise<string[]> {
    this.#lines.length = 0;
    const words = line.split(' ').filter((word) => word !== '');
    const isOld = words[0] === 'old';
    const [verb, ...rest] = isOld ? words.slice(1) : words;
    await this.#do(verb!, rest, isOld ? this.#deposed : this.#controller);
    await settle();
    return this.#lines;
  }

  async #do(verb: string, words: readonly string[], controller: Controller | undefined): Promise<void> {
    const store = this.#store;
    const { options, plain } = parsed(words);
    const id = Number(plain[0]);
    switch (verb) {
      case 'controller': {
        const { engine, leadership } = await store.lead(id);
        const ports = { random: { bytes: (count: number) => Buffer.alloc(count, ++this.#draws), float: () => 0 } };
        this.#deposed = this.#controller;
        this.#controller = new Controller({
          ...{ engine, leadership, ports, config: configOf() },
          onUncleanElection: ({ topic, partition, leader, leaderEpoch }) =>
            this.#lines.push(`unclean election ${topic}-${partition} leader ${leader} epoch ${leaderEpoch}`),
        });
        this.#submit('reconcile', this.#controller.reconcile());
        return;
      }
      case 'up': {
        const before = store.image.broker(id)?.brokerEpoch ?? -1;
        const previousBrokerEpoch = options.has('clean') ? before : Number(options.get('previous') ?? -1);
        store.register({ brokerId: id, rack: options.get('rack') ?? null, previousBrokerEpoch });
        this.#submit('up', controller!.reconcile());
        return;
      }
      case 'expired':
        store.expire(id);
        this.#submit('expired', controller!.reconcile());
        return;
      case 'refused': {
        const brokerEpoch = Number(options.get('run') ?? store.image.broker(id)?.brokerEpoch);
        this.#submit('refused', controller!.fence({ brokerId: id, brokerEpoch }));
        return;
      }
      case 'topic':
        return this.#createTopic(plain, options, controller!);
      case 'set': {
        const changes = [...options].map(([name, value]) => ({ name, operation: 'SET' as const, value }));
        const wish = { resourceType: 2, resourceName: plain[0]!, mode: 'incremental' as const, changes };
        this.#submit('set', controller!.alterConfigs([wish as never], { validateOnly: false }));
        return;
      }
      case 'delete':
        this.#submit('delete', controller!.deleteTopics([store.image.topic(plain[0]!)!.topicId]));
        return;
      case 'isr':
        return this.#alterIsr(plain, options, controller!);
      case 'elect': {
        const [type, ...partitions] = plain;
        this.#submit('elect', controller!.electLeaders(partitions.map(partitionOf), type as 'preferred'));
        return;
      }
      case 'rebalance':
        this.#submit('rebalance', controller!.rebalanceLeaders());
        return;
      case 'move': {
        const replicas = plain[1] === 'cancel' ? null : ids(plain[1]!);
        const wish = { ...partitionOf(plain[0]!), replicas };
        this.#submit('move', controller!.alterReassignments([wish], { allowReplicationFactorChange: true }));
        return;
      }
      case 'stop': {
        const brokerEpoch = Number(options.get('run') ?? store.image.broker(id)?.brokerEpoch);
        this.#submit('stop', controller!.beginShutdown({ brokerId: id, brokerEpoch }));
        return;
      }
      case 'cordon':
        this.#submit('cordon', controller!.cordon(store.image.broker(id)!, plain[1] === 'on'));
        return;
      case 'unregister':
        this.#submit('unregister', controller!.unregister(id));
        return;
      case 'batch-bytes':
        store.batchBytesMax = id;
        return;
      case 'hold':
        store.holds = true;
        return;
      case 'keep':
        store.keep(plain[0] === 'all' ? store.waiting : id);
        if (plain[0] === 'all') store.holds = false;
        return;
      case 'show':
        for (const topic of store.image.topics())
          this.#lines.push(...topic.partitions.map((state) => partitionText(topic.name, state)));
        for (const { brokerId, brokerEpoch, fenced, shuttingDown } of store.image.brokers()) {
          const state = fenced ? 'fenced' : shuttingDown ? 'shutting down' : 'alive';
          this.#lines.push(`broker ${brokerId} run ${brokerEpoch} ${state}`);
        }
        return;
      default:
        throw new Error(`no such command in a transcript: ${verb}`);
    }
  }

  #createTopic(plain: readonly string[], options: ReadonlyMap<string, string>, controller: Controller): void {
    const [name, ...assignments] = plain;
    const isPlaced = options.has('partitions');
    const wish = {
      name: name!,
      numPartitions: Number(options.get('partitions') ?? -1),
      replicationFactor: Number(options.get('replicas') ?? -1),
      assignments: isPlaced
        ? []
        : assignments.map((replicas, partitionIndex) => ({ partitionIndex, brokerIds: ids(replicas) })),
      configs: [...options]
        .filter(([key]) => key !== 'partitions' && key !== 'replicas')
        .map(([key, value]) => ({ name: key, value })),
    };
    this.#submit('topic', controller.createTopics([wish], { validateOnly: false }));
  }

  /** Of the newest state, where nothing else is said. */
  #alterIsr(plain: readonly string[], options: ReadonlyMap<string, string>, controller: Controller): void {
    const { topic: name, partition } = partitionOf(plain[0]!);
    const { image } = this.#store;
    const topic = image.topic(name);
    const state = topic?.partitions[partition];
    const leader = Number(options.get('by') ?? state?.leader ?? -1);
    const [leaderEpoch, partitionEpoch] = options.get('epoch')?.split('/').map(Number) ?? [
      state?.leaderEpoch ?? 0,
      state?.partitionEpoch ?? 0,
    ];
    const wish: IsrWish = {
      topicId: topic?.topicId ?? '_'.repeat(22),
      partition,
      leaderEpoch: leaderEpoch!,
      partitionEpoch: partitionEpoch!,
      newIsr: plain[1]!.split(',').map((member) => {
        const [brokerId, run] = member.split('@').map(Number);
        return { brokerId: brokerId!, brokerEpoch: run ?? image.broker(brokerId!)?.brokerEpoch ?? -1 };
      }),
      leaderRecoveryState: options.has('recovering') ? 'recovering' : 'recovered',
    };
    const brokerEpoch = Number(options.get('run') ?? image.broker(leader)?.brokerEpoch ?? -1);
    this.#submit('isr', controller.alterPartitions([wish], { brokerId: leader, brokerEpoch }));
  }

  #submit(what: string, command: Promise<unknown>): void {
    const number = ++this.#commandCount;
    command.then(
      (answer) => this.#lines.push(`#${number} ${what} ${answerText(answer)}`.trimEnd()),
      (error: unknown) => {
        if (!(error instanceof ControllerUnavailable)) throw error;
        this.#lines.push(`#${number} ${what} ${error.error}`);
      },
    );
  }

  #recordText(record: MetadataRecord): string[] {
    switch (record.kind) {
      case 'topicCreated':
        this.#names.set(record.topicId, record.name);
        return [`topic ${record.name} created`];
      case 'topicDeleted':
        return [`topic ${this.#names.get(record.topicId)} deleted`];
      case 'partitionsSet':
        return record.partitions.map((state) => partitionText(this.#names.get(record.topicId)!, state));
      case 'brokerRegistered': {
        const { brokerId, brokerEpoch, previousBrokerEpoch = -1 } = record;
        return [`broker ${brokerId} registered, run ${brokerEpoch} after ${previousBrokerEpoch}`];
      }
      case 'brokerFenced':
        return [`broker ${record.brokerId} fenced, run ${record.brokerEpoch}`];
      case 'brokerShuttingDown':
        return [`broker ${record.brokerId} shutting down, run ${record.brokerEpoch}`];
      case 'brokerCordoned':
        return [`broker ${record.brokerId} ${record.cordoned ? 'cordoned' : 'open again'}`];
      case 'brokerUnregistered':
        return [`broker ${record.brokerId} unregistered`];
      case 'configSet':
        return [`config ${record.resourceName} ${record.name}=${record.value}`];
      case 'controllerElected':
        return [`controller ${record.brokerId} epoch ${record.epoch}`];
      case 'transactionPart':
        return [`part ${record.part} of ${record.of}`];
      default:
        return [record.kind];
    }
  }
}

function parsed(words: readonly string[]) {
  const options = new Map<string, string>();
  const plain: string[] = [];
  for (const word of words) {
    if (/^[a-z.]+=/.test(word)) options.set(word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1));
    else if (word === 'clean' || word === 'recovering') options.set(word, '');
    else plain.push(word);
  }
  return { options, plain };
}

function ids(text: string): number[] {
  return text.split(',').map(Number);
}

function partitionOf(text: string): { topic: string; partition: number } {
  const dash = text.lastIndexOf('-');
  return { topic: text.slice(0, dash), partition: Number(text.slice(dash + 1)) };
}

function partitionText(topic: string, state: PartitionState): string {
  const { leader, leaderEpoch, partitionEpoch, isr, replicas } = state;
  const named = (name: string, members: readonly number[]) =>
    members.length > 0 ? [`${name} ${members.join(',')}`] : [];
  return [
    `${topic}-${state.partition} leader ${leader < 0 ? 'none' : leader} epoch ${leaderEpoch}/${partitionEpoch}`,
    `isr ${isr.join(',')} of ${replicas.join(',')}`,
    ...named('adding', state.addingReplicas),
    ...named('removing', state.removingReplicas),
    ...named('elr', state.elr),
    ...named('last known elr', state.lastKnownElr),
    ...(state.leaderRecoveryState === 'recovering' ? ['recovering'] : []),
  ].join(' ');
}

/** Errors of lists of outcomes, or what else was answered. */
function answerText(answer: unknown): string {
  if (Array.isArray(answer)) {
    return answer.map(({ error, detail }) => (detail ? `${error} (${detail})` : error)).join(' ');
  }
  return answer === undefined ? 'done' : String(answer);
}
