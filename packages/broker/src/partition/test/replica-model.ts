// A model of one partition on a few replicas and the controller's side of it, small enough to visit every state: the very
// machines of partition-leader and partition-follower over logs that are lists of epochs. A record is named by the epoch
// it was written in and a serial, so that two replicas with different records at one offset are seen.
// What the model may do in one step: append at a broker that believes it leads, copy from a leader, ask for and decide ISR
// changes, fail a broker (its log stays), elect. Messages have no delay of their own: a deposed leader is one that has not
// seen the newest state yet, and a proposal may be granted long before its asker hears of it.
import { CALM_PARTITION, type PartitionState } from '@moldau/metadata';
import { judgeAnswer } from '../partition-follower.ts';
import { followerFetched, lead, ownLogMoved, type PartitionLeader, stateSeen } from '../partition-leader.ts';

export interface ModelBounds {
  readonly replicas: number;
  /** In sync at the start. Default: all. */
  readonly isr?: readonly number[];
  readonly records: number;
  readonly epochs: number;
  readonly isrChanges: number;
}

interface Entry {
  readonly epoch: number;
  readonly serial: number;
}

interface Replica {
  log: Entry[];
  /** First offset of each epoch that wrote or began here. */
  epochs: { epoch: number; startOffset: number }[];
  highWatermark: number;
  alive: boolean;
  /** Newest state it has seen. */
  state: PartitionState;
  leader: PartitionLeader | undefined;
}

export interface Model {
  replicas: Replica[];
  /** What the controller has decided. */
  state: PartitionState;
  serial: number;
  isrChanges: number;
  /** Everything that was ever below a leader's watermark, by offset. */
  committed: Entry[];
}

const anyone = { eligible: () => true };

export function startModel({ replicas, isr }: ModelBounds): Model {
  const ids = Array.from({ length: replicas }, (_, id) => id);
  const state = stateOf({
    ...CALM_PARTITION,
    replicas: ids,
    isr: isr ?? ids,
    leader: 0,
    leaderEpoch: 1,
    partitionEpoch: 0,
  });
  const model: Model = {
    replicas: ids.map(() => ({
      log: [],
      epochs: [],
      highWatermark: 0,
      alive: true,
      state: { ...state, leader: -1, leaderEpoch: 0 },
      leader: undefined,
    })),
    state,
    serial: 0,
    isrChanges: 0,
    committed: [],
  };
  return model;
}

function stateOf(parts: Omit<PartitionState, 'partition'>): PartitionState {
  return { partition: 0, ...parts } as PartitionState;
}

/** Every model one step away, with the step's name. Throws Violation when a step breaks an invariant. */
export function* stepsOf(model: Model, bounds: ModelBounds): Generator<[name: string, next: Model]> {
  for (let id = 0; id < model.replicas.length; id++) {
    const replica = model.replicas[id]!;
    if (replica.alive && replica.state !== model.state && !sameState(replica.state, model.state)) {
      yield step(model, `${id} sees`, (next) => see(next, id));
    }
    if (replica.alive && replica.leader && model.serial < bounds.records) {
      yield step(model, `${id} appends`, (next) => append(next, id));
    }
    if (!replica.alive) {
      yield step(model, `${id} returns`, (next) => {
        next.replicas[id]!.alive = true;
      });
    } else if (model.replicas.filter(({ alive }) => alive).length > 1 && model.state.leaderEpoch < bounds.epochs) {
      yield step(model, `${id} fails`, (next) => fail(next, id));
    }
    for (let from = 0; from < model.replicas.length; from++) {
      if (!mayFetch(model, id, from)) continue;
      yield step(model, `${id} fetches from ${from}`, (next) => answer(next, id, from, ask(next, id, from)));
      yield step(model, `${id} fetches from ${from} and the answer is lost`, (next) => {
        ask(next, id, from);
      });
    }
    const wish = replica.leader?.proposal;
    if (
      replica.alive &&
      wish &&
      model.isrChanges < bounds.isrChanges &&
      wish.partitionEpoch === model.state.partitionEpoch
    ) {
      if (model.state.leader === id) yield step(model, `granted to ${id}`, (next) => grant(next, id));
    }
    if (
      model.state.isr.includes(id) &&
      replica.alive &&
      model.state.leader !== id &&
      model.state.leaderEpoch < bounds.epochs
    ) {
      yield step(model, `${id} elected`, (next) => elect(next, id));
    }
    if (replica.alive && replica.leader && !replica.leader.proposal && model.isrChanges < bounds.isrChanges) {
      for (const other of replica.leader.isr) {
        if (other !== id) yield step(model, `${id} drops ${other}`, (next) => drop(next, id, other));
      }
    }
  }
}

export class Violation extends Error {}

function step(model: Model, name: string, run: (next: Model) => void): [string, Model] {
  const next = copy(model);
  run(next);
  check(next, name);
  return [name, next];
}

function see(model: Model, id: number): void {
  const replica = model.replicas[id]!;
  const { state } = model;
  const before = replica.state;
  replica.state = state;
  if (state.leader !== id) {
    replica.leader = undefined;
    return;
  }
  if (replica.leader && before.leaderEpoch === state.leaderEpoch) stateSeen(replica.leader, state, 0);
  else {
    const end = replica.log.length;
    replica.epochs = replica.epochs.filter(({ startOffset }) => startOffset < end);
    replica.epochs.push({ epoch: state.leaderEpoch, startOffset: end });
    replica.leader = lead({
      facts: anyone,
      self: id,
      state,
      logEnd: end,
      persistedEnd: end,
      highWatermark: replica.highWatermark,
      minInSync: 1,
      // Nobody is waited for who is not in the ISR: that is a courtesy, and must not be what keeps records safe.
      lagMaxMs: -1,
      now: 1,
    });
  }
  commit(model, id);
}

function append(model: Model, id: number): void {
  const { leader, log } = model.replicas[id]!;
  log.push({ epoch: leader!.leaderEpoch, serial: ++model.serial });
  ownLogMoved(leader!, log.length, log.length, 1);
  commit(model, id);
}

function mayFetch(model: Model, id: number, from: number): boolean {
  const reader = model.replicas[id]!;
  const source = model.replicas[from]!;
  // Kafka's fence: a fetch names its leader epoch, and one of another epoch is refused.
  return (
    id !== from &&
    reader.alive &&
    source.alive &&
    !reader.leader &&
    source.leader !== undefined &&
    reader.state.leader === from &&
    reader.state.leaderEpoch === source.leader.leaderEpoch
  );
}

type Diverging = { epoch: number; endOffset: number };

/** The leader's half of a fetch. */
function ask(model: Model, id: number, from: number): Diverging {
  const reader = model.replicas[id]!;
  const source = model.replicas[from]!;
  const lastEpoch = reader.log[reader.log.length - 1]?.epoch ?? -1;
  if (lastEpoch >= 0) {
    const end = epochEnd(source, lastEpoch);
    if (end.epoch < lastEpoch || end.endOffset < reader.log.length) return end;
  }
  const at = { from: id, brokerEpoch: 1, logEnd: reader.log.length, logStart: 0, now: 1 };
  followerFetched(source.leader!, at);
  commit(model, from);
  return { epoch: -1, endOffset: -1 };
}

/** The follower's half. */
function answer(model: Model, id: number, from: number, divergingEpoch: Diverging): void {
  const reader = model.replicas[id]!;
  const source = model.replicas[from]!;
  const log = {
    endOffset: reader.log.length,
    highWatermark: reader.highWatermark,
    epochEndOffset: (epoch: number) => epochEnd(reader, epoch),
  };
  const judged = judgeAnswer(log, { error: undefined, divergingEpoch, logStartOffset: 0 }, false);
  if (judged.kind === 'refuse') throw new Violation(`${id} is told to cut below its high watermark`);
  if (judged.kind === 'truncate') {
    reader.log.length = judged.offset;
    reader.highWatermark = Math.min(reader.highWatermark, judged.offset);
    reader.epochs = reader.epochs.filter(({ startOffset }) => startOffset < judged.offset);
    return;
  }
  const entry = source.log[reader.log.length];
  if (entry) {
    if (reader.epochs[reader.epochs.length - 1]?.epoch !== entry.epoch) {
      reader.epochs.push({ epoch: entry.epoch, startOffset: reader.log.length });
    }
    reader.log.push(entry);
  }
  reader.highWatermark = Math.max(reader.highWatermark, Math.min(source.highWatermark, reader.log.length));
}

/** As LeaderEpochs.endOffset of storage. */
function epochEnd(replica: Replica, epoch: number): { epoch: number; endOffset: number } {
  const { epochs, log } = replica;
  const latest = epochs[epochs.length - 1];
  if (!latest || epoch > latest.epoch) return { epoch: -1, endOffset: -1 };
  if (epoch === latest.epoch) return { epoch, endOffset: log.length };
  const higher = epochs.findIndex((entry) => entry.epoch > epoch);
  return { epoch: epochs[higher - 1]?.epoch ?? epoch, endOffset: epochs[higher]!.startOffset };
}

function grant(model: Model, id: number): void {
  const wish = model.replicas[id]!.leader!.proposal!;
  model.isrChanges++;
  model.state = { ...model.state, isr: [...wish.members], partitionEpoch: model.state.partitionEpoch + 1 };
}

function drop(model: Model, id: number, other: number): void {
  const leader = model.replicas[id]!.leader!;
  const members = leader.isr.filter((member) => member !== other);
  leader.proposal = { members, partitionEpoch: leader.partitionEpoch, reason: 'fell behind', changed: [other] };
}

function elect(model: Model, id: number): void {
  const { state } = model;
  model.state = { ...state, leader: id, leaderEpoch: state.leaderEpoch + 1, partitionEpoch: state.partitionEpoch + 1 };
}

function fail(model: Model, id: number): void {
  const replica = model.replicas[id]!;
  replica.alive = false;
  replica.leader = undefined;
  replica.state = { ...replica.state, leader: -1, leaderEpoch: 0 };
  const { state } = model;
  if (!state.isr.includes(id)) return;
  const others = state.isr.filter((other) => other !== id && model.replicas[other]!.alive);
  if (others.length === 0) {
    if (state.leader === id) {
      const leaderEpoch = state.leaderEpoch + 1;
      model.state = { ...state, leader: -1, leaderEpoch, partitionEpoch: state.partitionEpoch + 1 };
    }
    return;
  }
  const leads = state.leader === id;
  model.state = {
    ...state,
    isr: others,
    leader: leads ? others[0]! : state.leader,
    leaderEpoch: leads ? state.leaderEpoch + 1 : state.leaderEpoch,
    partitionEpoch: state.partitionEpoch + 1,
  };
}

/** A leader's watermark moved: what lies below is promised for ever. */
function commit(model: Model, id: number): void {
  const replica = model.replicas[id]!;
  const { leader } = replica;
  if (!leader) return;
  replica.highWatermark = Math.max(replica.highWatermark, leader.highWatermark);
  for (let offset = 0; offset < leader.highWatermark; offset++) {
    const entry = replica.log[offset];
    if (!entry) throw new Violation(`the watermark of ${id} is past its log`);
    const before = model.committed[offset];
    if (before && before.serial !== entry.serial)
      throw new Violation(`offset ${offset} was promised as another record`);
    model.committed[offset] = entry;
  }
}

function check(model: Model, name: string): void {
  const { replicas, state, committed } = model;
  // StrongIsr: whoever may be elected has all that was promised.
  for (const id of state.isr) {
    committed.forEach((entry, offset) => {
      if (replicas[id]!.log[offset]?.serial !== entry.serial) {
        throw new Violation(`after "${name}" member ${id} of the ISR lacks the promised offset ${offset}`);
      }
    });
  }
  // Log matching below the watermarks.
  for (let a = 0; a < replicas.length; a++) {
    for (let b = a + 1; b < replicas.length; b++) {
      const end = Math.min(replicas[a]!.highWatermark, replicas[b]!.highWatermark);
      for (let offset = 0; offset < end; offset++) {
        if (replicas[a]!.log[offset]?.serial !== replicas[b]!.log[offset]?.serial) {
          throw new Violation(`after "${name}" ${a} and ${b} differ at ${offset}`);
        }
      }
    }
  }
}

function sameState(a: PartitionState, b: PartitionState): boolean {
  return a.partitionEpoch === b.partitionEpoch && a.leaderEpoch === b.leaderEpoch && a.leader === b.leader;
}

function copy(model: Model): Model {
  return {
    ...model,
    committed: model.committed.slice(),
    replicas: model.replicas.map((replica) => ({
      ...replica,
      log: replica.log.slice(),
      epochs: replica.epochs.slice(),
      leader: replica.leader && {
        ...replica.leader,
        followers: replica.leader.followers.map((follower) => ({ ...follower })),
      },
    })),
  };
}

export interface Search {
  readonly states: number;
  readonly whole: boolean;
  readonly violation: string | undefined;
  readonly path: readonly string[];
}

/** Visits every state within the bounds, breadth first, until a violation or `statesMax`. */
export function search(bounds: ModelBounds, statesMax: number): Search {
  const start = startModel(bounds);
  const seen = new Set([keyOf(start)]);
  let frontier: { model: Model; path: Path | undefined }[] = [{ model: start, path: undefined }];
  while (frontier.length > 0) {
    const next: typeof frontier = [];
    for (const { model, path } of frontier) {
      const steps = stepsOf(model, bounds);
      for (;;) {
        try {
          const { done, value } = steps.next();
          if (done) break;
          const key = keyOf(value[1]);
          if (seen.has(key)) continue;
          seen.add(key);
          if (seen.size > statesMax) return { states: seen.size, whole: false, violation: undefined, path: [] };
          next.push({ model: value[1], path: { name: value[0], before: path } });
        } catch (error) {
          if (!(error instanceof Violation)) throw error;
          return { states: seen.size, whole: false, violation: error.message, path: namesOf(path) };
        }
      }
    }
    frontier = next;
  }
  return { states: seen.size, whole: true, violation: undefined, path: [] };
}

interface Path {
  readonly name: string;
  readonly before: Path | undefined;
}

function namesOf(path: Path | undefined): string[] {
  const names: string[] = [];
  for (let at = path; at; at = at.before) names.unshift(at.name);
  return names;
}

function keyOf(model: Model): string {
  const { state } = model;
  let key = `${state.isr}/${state.leader}/${state.leaderEpoch}/${state.partitionEpoch}/${model.serial}/${model.isrChanges}`;
  for (const replica of model.replicas) {
    key += `|${replica.log.map(({ serial, epoch }) => `${serial}.${epoch}`)};${replica.epochs.map((e) => `${e.epoch}.${e.startOffset}`)};${replica.highWatermark};${replica.alive ? 1 : 0};${replica.state.leaderEpoch}.${replica.state.partitionEpoch}.${replica.state.leader}`;
    const { leader } = replica;
    if (!leader) continue;
    key += `;${leader.isr}.${leader.proposal?.members ?? ''}.${leader.highWatermark}.${leader.epochStart}`;
    for (const follower of leader.followers) key += `.${follower.logEnd}`;
  }
  key += `#${model.committed.map(({ serial }) => serial)}`;
  return key;
}

/** One long run of drawn steps; for bounds whose states are too many to visit. */
export function walk(bounds: ModelBounds, draw: () => number, stepsMax: number): Search {
  let model = startModel(bounds);
  const path: string[] = [];
  for (let count = 0; count < stepsMax; count++) {
    try {
      const steps = [...stepsOf(model, bounds)];
      if (steps.length === 0) break;
      const [name, next] = steps[Math.floor(draw() * steps.length)]!;
      path.push(name);
      model = next;
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      return { states: count, whole: false, violation: error.message, path };
    }
  }
  return { states: path.length, whole: true, violation: undefined, path: [] };
}
