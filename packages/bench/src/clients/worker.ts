// One measurement in a process of its own: one client, one workload. Prints one line of JSON (`WorkerResult`).
//   node packages/bench/src/clients/worker.ts --client moldau --workload single --bootstrap HOST:PORT --topic T
//        --record-bytes 100 --seconds 3 [--warmup 1] [--records N: how many a topic to be consumed holds]
import { parseArgs } from 'node:util';
import { processorSeconds, residentBytes } from '../process/usage.ts';
import type { Candidate } from './candidate.ts';
import { candidates } from './candidates.ts';
import { type Workload, workloads } from './workloads.ts';

export interface WorkerResult {
  readonly records: number;
  readonly seconds: number;
  readonly recordsPerSecond: number;
  /** Processor time of the client's process for each record, microseconds, all threads. */
  readonly clientMicrosecondsPerRecord: number;
  /** Resident memory of the client's process at the end of the measurement. */
  readonly residentMiB: number;
}

interface Task {
  readonly bootstrap: string;
  readonly topic: string;
  readonly recordBytes: number;
  readonly warmupSeconds: number;
  readonly seconds: number;
  /** What the topic holds. */
  readonly records: number;
}

/** Counts from `begin` on. */
class Meter {
  #records = 0;
  #startedAt = 0;
  #processor = 0;

  begin(): void {
    this.#records = 0;
    this.#startedAt = performance.now();
    this.#processor = processorSeconds(process.pid);
  }

  add(records: number): void {
    this.#records += records;
  }

  get records(): number {
    return this.#records;
  }

  end(endedAt = performance.now()): WorkerResult {
    const seconds = (endedAt - this.#startedAt) / 1000;
    const processor = processorSeconds(process.pid) - this.#processor;
    return {
      records: this.#records,
      seconds,
      recordsPerSecond: this.#records / seconds,
      clientMicrosecondsPerRecord: (processor * 1e6) / Math.max(1, this.#records),
      residentMiB: residentBytes(process.pid) / 2 ** 20,
    };
  }
}

async function produce(candidate: Candidate, load: Workload & { kind: 'produce' }, task: Task): Promise<WorkerResult> {
  const producer = await candidate.openProducer({ bootstrap: task.bootstrap, lingerMs: load.lingerMs });
  // Bytes that differ from record to record would measure the random generator; nothing is compressed here.
  const value = Buffer.alloc(task.recordBytes, 'moldau ');
  const values = Array.from({ length: load.recordsPerSend }, () => value);
  const meter = new Meter();
  const beginsAt = performance.now() + task.warmupSeconds * 1000;
  const endsAt = beginsAt + task.seconds * 1000;
  let begun = false;
  const sender = async (): Promise<void> => {
    while (performance.now() < endsAt) {
      await producer.send(task.topic, values);
      if (begun) meter.add(values.length);
      else if (performance.now() >= beginsAt) {
        begun = true;
        meter.begin();
      }
    }
  };
  await Promise.all(Array.from({ length: load.underWay }, sender));
  const result = meter.end();
  await producer.close();
  return result;
}

/** Counts from the first record on: joining the group is not what is measured. */
async function consume(candidate: Candidate, load: Workload & { kind: 'consume' }, task: Task): Promise<WorkerResult> {
  const meter = new Meter();
  let lastAt = 0;
  let begun = false;
  /** With the first call's records, which are not measured. */
  let handed = 0;
  let done: () => void = () => {};
  const finished = new Promise<void>((resolve) => {
    done = resolve;
  });
  const giveUp = setTimeout(done, (task.seconds + task.warmupSeconds) * 1000 + 30_000);
  let endsAt = Number.POSITIVE_INFINITY;
  const leave = await candidate.consume({
    bootstrap: task.bootstrap,
    topic: task.topic,
    group: `bench-${process.pid}-${Math.random().toString(36).slice(2)}`,
    style: load.style,
    seen: (records) => {
      handed += records;
      if (!begun) {
        begun = true;
        meter.begin();
        endsAt = performance.now() + task.seconds * 1000;
        return;
      }
      meter.add(records);
      // Looking at the clock for each record would be a good part of what the fastest client does with it.
      if (records === 1 && (handed & 0xff) !== 0 && handed < task.records) return;
      lastAt = performance.now();
      if (lastAt >= endsAt || handed >= task.records) done();
    },
  });
  await finished;
  clearTimeout(giveUp);
  const result = meter.end(lastAt);
  await leave();
  return result;
}

const { values } = parseArgs({
  options: {
    client: { type: 'string' },
    workload: { type: 'string' },
    bootstrap: { type: 'string' },
    topic: { type: 'string' },
    'record-bytes': { type: 'string', default: '100' },
    seconds: { type: 'string', default: '3' },
    warmup: { type: 'string', default: '1' },
    records: { type: 'string', default: '0' },
  },
});
const candidate = candidates.find(({ key }) => key === values.client);
const row = workloads.find(({ key }) => key === values.workload);
if (!candidate || !row || !values.bootstrap || !values.topic) {
  process.stderr.write('worker: needs --client, --workload, --bootstrap and --topic\n');
  process.exit(2);
}
const task: Task = {
  bootstrap: values.bootstrap,
  topic: values.topic,
  recordBytes: Number(values['record-bytes']),
  warmupSeconds: Number(values.warmup),
  seconds: Number(values.seconds),
  records: Number(values.records),
};
const client = await candidate.load();
const { workload } = row;
const result =
  workload.kind === 'produce' ? await produce(client, workload, task) : await consume(client, workload, task);
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
