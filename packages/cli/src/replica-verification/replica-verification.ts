// kafka-replica-verification: reads all replicas of partitions side by side and tells where they differ, until it is
// stopped. Followers answer a reader that calls itself replica -2, Kafka's "debugging consumer".
import type { AdminApi } from '@moldau/client/admin/admin-api';
import type { TopicDescription } from '@moldau/client/admin/admin-model';
import { byTopic, partitionText, type TopicPartition } from '@moldau/client/topic-partition';
import { shownException } from '../cluster/java-names.ts';
import { withAdmin } from '../cluster/with-admin.ts';
import { checkBootstrapServer, requireOptions } from '../command-line/checks.ts';
import { CommandLineError, defineOptions } from '../command-line/option.ts';
import type { Terminal } from '../terminal.ts';
import { formatDate } from '../text/java-date.ts';
import { logLine } from '../text/log-line.ts';
import { defineTool } from '../tool.ts';
import { wholeMatch } from '../topics/topic-filter.ts';
import { compareReplicas, type ReplicaAnswer } from './compare-replicas.ts';

const DEBUGGING_CONSUMER = -2;
/** The last version that names topics, which every broker with replicas to verify understands. */
const FETCH_VERSION = 12;
/** A broker that cannot be asked is asked again after this. */
const PAUSE_MS = 1000;

export const replicaVerification = defineTool({
  name: 'kafka-replica-verification',
  purpose: 'Validate that all replicas for a set of topics have the same data.',
  options: defineOptions({
    'broker-list': {
      description: 'REQUIRED: a broker to connect to, or several.',
      argument: 'required',
      shown: 'hostname:port,...,hostname:port',
    },
    'fetch-size': {
      description: 'How many bytes to read of a partition at once.',
      argument: 'required',
      shown: 'bytes',
      kind: 'integer',
      default: 1_048_576,
    },
    'max-wait-ms': {
      description: 'How long a broker may wait for records.',
      argument: 'required',
      shown: 'ms',
      kind: 'integer',
      default: 1_000,
    },
    'topics-include': {
      description: 'A regular expression: which topics.',
      argument: 'required',
      shown: 'Java regex (String)',
      default: '.*',
    },
    time: {
      description: 'Where to begin: a time in ms, -1 for the end, -2 for the beginning.',
      argument: 'required',
      shown: 'timestamp/-1(latest)/-2(earliest)',
      kind: 'long',
      default: -1,
    },
    'report-interval-ms': {
      description: 'How often to tell how far it is.',
      argument: 'required',
      shown: 'ms',
      kind: 'long',
      default: 30_000,
    },
  }),
  run: async (options, terminal) => {
    requireOptions(options, 'broker-list');
    const servers = options.value('broker-list')!;
    checkBootstrapServer(servers);
    const included = options.value('topics-include')!;
    const pattern = wholeMatch(included.replaceAll(',', '|').trim(), `${included} is an invalid regex`);
    const warning = 'This tool is deprecated and may be removed in a future major release.';
    terminal.err(logLine(terminal.now(), 'WARN', warning, 'org.apache.kafka.tools.ReplicaVerificationTool'));
    let stopping = false;
    terminal.onInterrupt(() => {
      stopping = true;
    });
    try {
      return await withAdmin(
        options,
        terminal,
        async (admin) => {
          const topics = await includedTopics(admin, pattern);
          if (topics.length === 0) {
            terminal.err(
              `No topics found. ${included} if specified, is either filtering out all topics or there is no topic.\n`,
            );
            return 1;
          }
          const verification = new Verification(admin, topics, {
            fetchBytes: options.numberOr('fetch-size', 0),
            maxWaitMs: options.numberOr('max-wait-ms', 0),
          });
          await verification.begin(options.numberOr('time', -1));
          tell(terminal, 'verification process is started');
          let reportedAt = terminal.now();
          while (!stopping && terminal.outputIsOpen) {
            const { complaints, lag } = await verification.round();
            for (const complaint of complaints) tell(terminal, complaint);
            if (terminal.now() - reportedAt > options.numberOr('report-interval-ms', 0)) {
              tell(terminal, lag);
              reportedAt = terminal.now();
            }
            if (verification.diverged) return 1;
          }
          return 0;
        },
        new Map([['bootstrap.servers', servers]]),
      );
    } catch (error) {
      if (error instanceof CommandLineError) throw error;
      terminal.err(`${shownException(error)}\n`);
      return 1;
    }
  },
});

function tell(terminal: Terminal, text: string): void {
  terminal.out(`${formatDate(terminal.now(), 'yyyy-MM-dd HH:mm:ss,SSS')}: ${text}\n`);
}

async function includedTopics(admin: AdminApi, pattern: RegExp): Promise<TopicDescription[]> {
  const names = (await admin.listTopics({ internal: true })).map(({ name }) => name);
  const described = await admin.describeTopics(names.filter((name) => pattern.test(name)));
  return [...described.values()].map((outcome) => {
    if (outcome instanceof Error) throw outcome;
    return outcome;
  });
}

interface Watched extends TopicPartition {
  readonly brokers: readonly number[];
  next: number;
}

/** Asks every broker for its replicas, from where all agreed before. */
class Verification {
  readonly #admin: AdminApi;
  readonly #limits: { readonly fetchBytes: number; readonly maxWaitMs: number };
  readonly #partitions: Watched[];
  diverged = false;

  constructor(
    admin: AdminApi,
    topics: readonly TopicDescription[],
    limits: { readonly fetchBytes: number; readonly maxWaitMs: number },
  ) {
    this.#admin = admin;
    this.#limits = limits;
    this.#partitions = topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partition, replicas }) => ({
        topic: name,
        partition,
        brokers: replicas.map(({ id }) => id),
        next: 0,
      })),
    );
  }

  async begin(time: number): Promise<void> {
    const timestamp = time === -1 ? ('latest' as const) : time === -2 ? ('earliest' as const) : time;
    const offsets = await this.#admin.listOffsets(
      this.#partitions.map(({ topic, partition }) => ({ topic, partition, timestamp })),
    );
    for (const [i, { offset, error }] of offsets.entries()) {
      if (error) throw error;
      this.#partitions[i]!.next = Math.max(0, offset);
    }
  }

  /** One answer of every replica, compared. A broker that cannot be asked delays its partitions. */
  async round(): Promise<{ readonly complaints: readonly string[]; readonly lag: string }> {
    const answers = new Map<string, ReplicaAnswer[]>();
    const brokers = new Set(this.#partitions.flatMap(({ brokers: of }) => of));
    const asked = await Promise.allSettled([...brokers].map((broker) => this.#ask(broker, answers)));
    if (asked.some(({ status }) => status === 'rejected'))
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    const complaints: string[] = [];
    let worst = { lag: -1, offset: -1, name: '' };
    for (const watched of this.#partitions) {
      const name = partitionText(watched);
      const of = answers.get(name) ?? [];
      if (of.length < watched.brokers.length) continue;
      const { nextOffset, maxHighWatermark, mismatches, diverged } = compareReplicas(watched.next, of);
      watched.next = nextOffset;
      for (const mismatch of mismatches) {
        complaints.push(`partition ${name}${mismatch.startsWith('replica') ? ':' : ''} ${mismatch}`);
      }
      this.diverged ||= diverged;
      const lag = maxHighWatermark - nextOffset;
      if (lag > worst.lag) worst = { lag, offset: nextOffset, name };
    }
    const { lag, offset, name } = worst;
    return {
      complaints,
      lag: `max lag is ${lag} for partition ${name} at offset ${offset} among ${this.#partitions.length} partitions`,
    };
  }

  async #ask(broker: number, answers: Map<string, ReplicaAnswer[]>): Promise<void> {
    const own = this.#partitions.filter(({ brokers }) => brokers.includes(broker));
    const answer = await this.#admin.send(
      'Fetch',
      {
        replicaId: DEBUGGING_CONSUMER,
        maxWaitMs: this.#limits.maxWaitMs,
        minBytes: 1,
        topics: [...byTopic(own)].map(([topic, partitions]) => ({
          topic,
          partitions: partitions.map(({ partition, next }) => ({
            partition,
            fetchOffset: next,
            logStartOffset: 0,
            partitionMaxBytes: this.#limits.fetchBytes,
          })),
        })),
        forgottenTopicsData: [],
      },
      { node: broker, version: FETCH_VERSION },
    );
    for (const { topic, partitions } of answer.responses) {
      for (const { partitionIndex: partition, errorCode, highWatermark, records } of partitions) {
        if (errorCode !== 0) continue;
        const key = partitionText({ topic, partition });
        const of = answers.get(key) ?? [];
        answers.set(key, of);
        of.push({ brokerId: broker, highWatermark, records: records ?? Buffer.alloc(0) });
      }
    }
  }
}
