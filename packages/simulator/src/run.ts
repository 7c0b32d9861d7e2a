// One seed, one run: draws a cluster, its settings, its clients and its misfortunes; chaos, heal, liveness, last read; and
// says what was found. The same seed always does the same.
import { KafkaError, type TopicPartition } from '@moldau/client';
import { check, type FinalLog, History } from '@moldau/history';
import { drawShape, type EngineName } from './cluster/settings.ts';
import { SimCluster } from './cluster/sim-cluster.ts';
import type { SimNode } from './cluster/sim-node.ts';
import { BitRot } from './faults/bit-rot.ts';
import { calmed, drawPlan, type FaultName, type Knob } from './faults/fault-plan.ts';
import { FaultSchedule, type Script, type Strike } from './faults/fault-schedule.ts';
import { watchAnswers } from './oracles/answer-oracle.ts';
import { Broken } from './oracles/broken.ts';
import { ControllerOracle } from './oracles/controller-oracle.ts';
import { type Finding, findingOf } from './oracles/finding.ts';
import { whatIsMissing } from './oracles/liveness.ts';
import { LogMatching } from './oracles/log-matching.ts';
import { ReplicaOracle } from './oracles/replica-oracle.ts';
import { RotOracle } from './oracles/rot-oracle.ts';
import { SessionOracle } from './oracles/session-oracle.ts';
import { VisibleRecords } from './oracles/visible-records.ts';
import { adminLoop, createTopics, newAdmin } from './workload/admin-loop.ts';
import { askCommitted, commitWatcher, memberLoop } from './workload/group-loop.ts';
import { ImpatientAsker } from './workload/impatient-asker.ts';
import { producerLoop } from './workload/producer-loop.ts';
import { readAll, readerLoop } from './workload/reader-loop.ts';
import { drawTopics } from './workload/topics.ts';
import { World } from './world/world.ts';

export interface RunOptions {
  readonly seed: string;
  /** In place of what is drawn. */
  readonly brokers?: number;
  readonly engine?: EngineName;
  /** Virtual milliseconds of chaos; drawn (30 to 90 s) when absent. */
  readonly chaosMs?: number;
  /** The faults of an earlier run of this seed, without some of them. */
  readonly script?: Script;
  /** Kinds of faults that are taken from the drawn plan: of seeds that found something before these were thought of. */
  readonly without?: readonly FaultName[];
  /** What else of the drawn plan is set to rest. */
  readonly calm?: readonly Knob[];
  /** Told of every event, for a trace. */
  readonly onEvent?: (at: number, machine: string, label: string) => void;
  /** Handed the cluster, to look inside while it runs. */
  readonly onCluster?: (cluster: SimCluster) => void;
  /** Told of everything that brokers log. */
  readonly onLog?: (at: number, broker: number, text: string) => void;
}

export interface RunResult {
  readonly seed: string;
  /** Undefined when nothing was found. */
  readonly failure: string | undefined;
  /** Which oracle it was that found it. */
  readonly finding: Finding | undefined;
  readonly traceHash: string;
  readonly virtualMs: number;
  readonly events: number;
  readonly sent: number;
  readonly acked: number;
  readonly polled: number;
  readonly commits: number;
  readonly faults: ReadonlyMap<FaultName, number>;
  /** Each fault that struck, by time. */
  readonly strikes: readonly Strike[];
  /** Bits that flipped, times that brokers told of damage, and of having mended it. */
  readonly rot: { readonly flipped: number; readonly noticed: number; readonly mended: number };
  /** Times that each invariant had something to look at. */
  readonly looks: ReadonlyMap<number, number>;
  readonly clientErrors: ReadonlyMap<string, number>;
  /** A line on what was drawn. */
  readonly description: string;
}

/** Virtual time within which a healed cluster must be whole. */
const LIVENESS_MS = 120_000;
/** Virtual time for the first start and the topics. */
const START_MS = 120_000;
/** Half a second apart: a damaged log may be under repair. */
const LAST_READ_TRIES = 60;
const COMPARE_EVERY_MS = 5_000;

export async function runSeed(options: RunOptions): Promise<RunResult> {
  const { seed, brokers, chaosMs, script, onEvent, onLog, onCluster } = options;
  const world = new World(seed);
  world.onEvent = onEvent;
  const draws = world.draws.fork('run');
  const shape = drawShape(draws.fork('shape'), brokers, options.engine);
  const plan = calmed(drawPlan(draws.fork('plan'), shape), options.without ?? [], options.calm ?? []);
  const topics = drawTopics(draws.fork('topics'));
  const history = new History();
  const cluster = new SimCluster(world, shape, history, (node, event) => {
    onLog?.(event.at, node.id, `${event.level} ${event.name} ${JSON.stringify(event.fields, plainly)}`);
    rotOracle.onEvent(node, event);
  });
  onCluster?.(cluster);
  const { clients, nodes } = cluster;
  const lossy = new Set(topics.filter(({ promised }) => !promised).map(({ name }) => name));
  const promised = (topicId: string, partition: number) => oracle.promised(topicId, partition);
  const rot = new BitRot({ cluster, draws: world.draws.fork('bit rot'), lossy, promised });
  const rotOracle = new RotOracle(world, rot);
  const oracle = new ReplicaOracle(cluster, lossy, new VisibleRecords((inode) => rot.sound(inode)));
  const acksOf = new Map<string, number>();
  const sessions = new SessionOracle(acksOf);
  const controllers = new ControllerOracle();
  const schedule = new FaultSchedule(cluster, plan, world.draws.fork('faults'), rot, script);
  const matching = new LogMatching(cluster, lossy, rot);
  const nodesOn = new Map<string, SimNode[]>();
  for (const node of nodes) nodesOn.set(node.machine.name, [...(nodesOn.get(node.machine.name) ?? []), node]);
  world.afterEvent = (boot) => {
    for (const node of (boot && nodesOn.get(boot.machine.name)) ?? []) {
      oracle.look(node);
      rotOracle.look(node);
      if (node.watched) sessions.look(node.watched);
    }
    controllers.look(world.now, () => cluster.watched);
  };
  let impatient: ImpatientAsker | undefined;
  cluster.onBatch = (before, after, batch) => {
    try {
      oracle.onBatch(before, after, batch);
      impatient?.look(before, after);
    } catch (error) {
      // Not into the broker whose request this is: it would take it for a failure of the store.
      world.fail(error as Error);
    }
  };
  watchAnswers(history, cluster, oracle, lossy);
  for (const topic of lossy) history.add({ kind: 'abandoned', at: 0, topic });

  const description = `${shape.brokers} brokers${cluster.inOneProcess ? ' in one process' : ''}, ${shape.durability}, min ISR ${shape.minInsyncReplicas}, ${topics.map(({ name, partitions }) => `${name}×${partitions}`).join(' ')}; ${[...plan.everyMs.keys()].join(' ') || 'no faults'}`;
  const result = (failure?: string, finding?: Finding): RunResult => {
    const counts = check(history, []);
    return {
      seed,
      failure,
      finding,
      traceHash: world.traceHash,
      virtualMs: world.now,
      events: world.events,
      sent: counts.sent,
      acked: counts.acked,
      polled: counts.polled,
      commits: counts.commits,
      faults: schedule.fired,
      strikes: schedule.strikes,
      rot: { flipped: rot.flipped, noticed: rotOracle.noticed, mended: rotOracle.mended },
      looks: oracle.looks
        .set(7, matching.compared)
        .set(16, rotOracle.looks)
        .set(26, sessions.looks)
        .set(27, controllers.looks),
      clientErrors: clients.errors,
      description,
    };
  };
  const failed = (phase: 'start' | 'liveness' | 'last read', detail: string = phase): RunResult => {
    const { failure } = world;
    const cause = failure?.cause instanceof Error ? `\n  cause: ${failure.cause.stack}` : '';
    const text =
      failure instanceof Broken ? failure.message : failure ? `${failure.stack}${cause}` : 'not done in time';
    return result(`${detail} at ${Math.round(world.now)} ms: ${text}`, findingOf(failure, phase));
  };

  // Start.
  cluster.start();
  let ready = false;
  const replicationFactor = Math.min(3, shape.brokers);
  clients.run('setup', async () => {
    const admin = newAdmin(clients, 'setup');
    await createTopics(clients, admin, topics, replicationFactor);
    await admin.close();
    ready = true;
  });
  if (!(await world.run(START_MS, () => ready))) return failed('start');

  // Chaos.
  const kept = topics.filter(({ promised }) => promised);
  const partitionsOf = (chosen: typeof topics): TopicPartition[] =>
    chosen.flatMap(({ name, partitions }) =>
      Array.from({ length: partitions }, (_, partition) => ({ topic: name, partition })),
    );
  const lengths = draws.fork('lengths');
  const producers = draws.fork('producers');
  for (let i = 1, count = producers.between(1, 3); i <= count; i++) {
    const idempotent = i === 1 || producers.chance(0.6);
    const acks = idempotent ? -1 : producers.pick([-1, 1, 1, 0] as const);
    const name = `p${i}`;
    acksOf.set(name, acks);
    const maxInFlight = producers.pick([1, 5, 5]);
    const lingerMs = producers.pick([0, 5, 50]);
    const pauseMs = producers.pick([50, 200, 500]);
    clients.run(name, () => producerLoop(clients, topics, { name, acks, idempotent, maxInFlight, lingerMs, pauseMs }));
  }
  clients.run('r1', () => readerLoop(clients, 'r1', partitionsOf(topics.filter(({ churned }) => !churned))));
  const grouped = partitionsOf(kept);
  const groups = draws.fork('groups');
  const members = groups.between(0, 3);
  const strategy = groups.pick(['range', 'cooperative-sticky'] as const);
  for (let i = 1; i <= members; i++) {
    const member = { name: `m${i}`, group: 'g', topics: kept.map(({ name }) => name), strategy, leaveShare: 0.05 };
    clients.run(member.name, () => memberLoop(clients, member));
  }
  const hasDethroned = () => cluster.hasDethronedLeader('__consumer_offsets');
  if (members > 0) {
    clients.run('watcher', () => commitWatcher(clients, 'g', grouped, hasDethroned));
    impatient = new ImpatientAsker(clients, 'g', grouped, () => cluster.image);
  }
  const admin = { brokers: shape.brokers, replicationFactor, pauseMs: draws.pick([1_000, 3_000, 10_000]) };
  clients.run('admin', () => adminLoop(clients, topics, admin));
  schedule.begin();
  const chaosEnd = world.now + (chaosMs ?? lengths.range(30_000, 90_000));
  const compare = () => {
    if (!compareSafely(matching, world)) return;
    world.schedule(COMPARE_EVERY_MS, undefined, 'compare', compare);
  };
  world.schedule(COMPARE_EVERY_MS, undefined, 'compare', compare);
  await world.run(chaosEnd);
  if (world.failure) return failed('liveness', 'chaos');

  // Heal, and be whole again.
  schedule.heal();
  const deadline = world.now + LIVENESS_MS;
  let lookedAt = 0;
  let missing = 'everything';
  const whole = await world.run(deadline, () => {
    if (world.now < lookedAt + 500) return false;
    lookedAt = world.now;
    missing = whatIsMissing(cluster) ?? '';
    return missing === '';
  });
  if (!whole) return failed('liveness', `liveness (${missing})`);
  clients.stopping = true;
  clients.run('the impatient asker’s end', async () => impatient?.close());
  if (!(await world.run(deadline + LIVENESS_MS, () => clients.running.size === 0))) {
    return failed('liveness', `liveness (these clients do not end: ${[...clients.running].join(', ')})`);
  }

  // Last read.
  let finals: FinalLog[] | undefined;
  clients.run('last reader', async () => {
    clients.stopping = false;
    for (let tries = 0; !finals; tries++) {
      try {
        finals = await readAll(clients, partitionsOf(kept));
      } catch (error) {
        if (!(error instanceof KafkaError) || tries > LAST_READ_TRIES) throw error;
        clients.met(error);
        await clients.sleep(500);
      }
    }
    if (members === 0) return;
    const asker = newAdmin(clients, 'asker');
    while (!(await askCommitted(clients, asker, 'g', grouped, hasDethroned))) await clients.sleep(500);
    await asker.close();
  });
  if (!(await world.run(world.now + LIVENESS_MS, () => clients.running.size === 0))) return failed('last read');
  compareSafely(matching, world);
  if (world.failure) return failed('last read', 'last comparison');
  const { violations } = check(history, finals ?? []);
  if (violations.length > 0) {
    const told = violations.map(({ kind, detail }) => `${kind}: ${detail}`).join('\n  ');
    return result(`history: ${told}`, violations[0]!.kind);
  }
  return result();
}

function compareSafely(matching: LogMatching, world: World): boolean {
  try {
    matching.compare();
    return true;
  } catch (error) {
    world.fail(error as Error);
    return false;
  }
}

function plainly(_key: string, value: unknown): unknown {
  return value instanceof Error ? value.message : value;
}
