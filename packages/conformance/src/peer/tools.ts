// Runs Kafka's own command-line tools (Java, from the peer's jars) by the names of their scripts. `input` goes to standard
// input; a tool that does not end within `timeoutMs` is killed and reported with what it printed so far.
import { type ChildProcess, spawn } from 'node:child_process';
import { apacheVersion, classPath } from './apache-jars.ts';

const classes = {
  'kafka-topics': 'org.apache.kafka.tools.TopicCommand',
  'kafka-console-producer': 'org.apache.kafka.tools.ConsoleProducer',
  'kafka-console-consumer': 'org.apache.kafka.tools.consumer.ConsoleConsumer',
  'kafka-consumer-groups': 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
  'kafka-configs': 'kafka.admin.ConfigCommand',
  'kafka-get-offsets': 'org.apache.kafka.tools.GetOffsetShell',
  'kafka-delete-records': 'org.apache.kafka.tools.DeleteRecordsCommand',
  'kafka-broker-api-versions': 'org.apache.kafka.tools.BrokerApiVersionsCommand',
  'kafka-reassign-partitions': 'org.apache.kafka.tools.reassign.ReassignPartitionsCommand',
  'kafka-acls': 'org.apache.kafka.tools.AclCommand',
  'kafka-leader-election': 'org.apache.kafka.tools.LeaderElectionCommand',
  'kafka-replica-verification': 'org.apache.kafka.tools.ReplicaVerificationTool',
  'kafka-log-dirs': 'org.apache.kafka.tools.LogDirsCommand',
  'kafka-cluster': 'org.apache.kafka.tools.ClusterTool',
  'kafka-groups': 'org.apache.kafka.tools.GroupsCommand',
  'kafka-dump-log': 'org.apache.kafka.tools.DumpLogSegments',
  'kafka-producer-perf-test': 'org.apache.kafka.tools.ProducerPerformance',
  'kafka-consumer-perf-test': 'org.apache.kafka.tools.ConsumerPerformance',
  'kafka-e2e-latency': 'org.apache.kafka.tools.EndToEndLatency',
  'kafka-verifiable-producer': 'org.apache.kafka.tools.VerifiableProducer',
  'kafka-verifiable-consumer': 'org.apache.kafka.tools.VerifiableConsumer',
  'client-compatibility-test': 'org.apache.kafka.tools.ClientCompatibilityTest',
} as const;

export type KafkaTool = keyof typeof classes;

export interface ToolRun {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ToolOptions {
  readonly input?: string | Buffer;
  readonly timeoutMs?: number;
  readonly version?: string;
  /** Folders or jars that come before Kafka's on the class path. */
  readonly classPath?: readonly string[];
  /** JVM options. Short-lived tools default to the quick compiler, which halves their start. */
  readonly jvm?: readonly string[];
}

/** Every tool there is. */
export function toolNames(): KafkaTool[] {
  return Object.keys(classes) as KafkaTool[];
}

/** The words of a command line that runs the tool; its arguments go behind them. */
export function toolCommand(tool: KafkaTool, o: ToolOptions = {}): string[] {
  return ['java', ...javaWords(classes[tool], o)];
}

function javaWords(className: string, o: ToolOptions): string[] {
  const jvm = o.jvm ?? ['-Xmx512M', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xshare:auto'];
  return [...jvm, '-cp', classPath(o.version ?? apacheVersion, ...(o.classPath ?? [])), className];
}

/** Starts a Java class with Kafka's jars; the caller owns the process. */
export function spawnJava(className: string, args: readonly string[], o: ToolOptions = {}): ChildProcess {
  return spawn('java', [...javaWords(className, o), ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
}

/** Starts one of Kafka's tools; the caller owns the process. */
export function spawnTool(tool: KafkaTool, args: readonly string[], o: ToolOptions = {}): ChildProcess {
  return spawnJava(classes[tool], args, o);
}

/** Collects the output of a child until it ends; kills it after `timeoutMs` (default 60 s) and rejects. */
export function finished(
  child: ChildProcess,
  o: { input?: string | Buffer; timeoutMs?: number } = {},
): Promise<ToolRun> {
  return new Promise((resolve, reject) => {
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    const text = (chunks: Buffer[]): string => Buffer.concat(chunks).toString('utf8');
    child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.stdin?.on('error', () => {}); // a tool that ends before it read everything is judged by its status
    child.stdin?.end(o.input ?? '');
    const timeoutMs = o.timeoutMs ?? 60_000;
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(
        new Error(
          `${child.spawnargs.slice(-8).join(' ')} did not end in ${timeoutMs} ms\n${text(stdout)}\n${text(stderr)}`,
        ),
      );
    }, timeoutMs);
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once('close', (status) => {
      clearTimeout(timer);
      resolve({ status, stdout: text(stdout), stderr: text(stderr) });
    });
  });
}

/** Runs one of Kafka's tools to its end. */
export function runTool(tool: KafkaTool, args: readonly string[], o: ToolOptions = {}): Promise<ToolRun> {
  return finished(spawnTool(tool, args, o), o);
}
