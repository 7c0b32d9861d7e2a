// Rules that no setting can check by itself (Kafka: KafkaConfig.validateValues). Pure.
import { AUTHORIZER_CLASSES, superUsersOf } from '../authorizer/open-authorizer.ts';
import type { BrokerSettingName } from './broker-settings.ts';

export interface RuleBroken {
  readonly key: BrokerSettingName;
  readonly detail: string;
}

/** What does not fit together, worst first. `given` holds only what was set. */
export function checkTogether(
  value: <T>(name: BrokerSettingName) => T,
  given: ReadonlyMap<string, string>,
): RuleBroken[] {
  const broken: RuleBroken[] = [];
  const rule = (holds: boolean, key: BrokerSettingName, detail: string) => {
    if (!holds) broken.push({ key, detail });
  };
  const number = (name: BrokerSettingName) => value<number | null>(name);

  rule(
    !given.has('broker.id') || !given.has('node.id') || number('broker.id') === number('node.id'),
    'broker.id',
    `node.id is ${number('node.id')}; the two are one setting under two names and must be the same`,
  );
  rule(
    value<readonly string[]>('process.roles').includes('broker'),
    'process.roles',
    'a process without the broker role has nothing to do in Moldau; allowed: broker, or broker,controller',
  );
  const rollMs = number('log.roll.ms');
  rule(rollMs === null || rollMs >= 1, 'log.roll.ms', 'log.roll.ms must be greater than or equal to 1');
  const jitterMs = number('log.roll.jitter.ms');
  rule(
    jitterMs === null || jitterMs >= 0,
    'log.roll.jitter.ms',
    'log.roll.jitter.ms must be greater than or equal to 0',
  );
  for (const name of ['log.retention.ms', 'log.retention.minutes', 'log.retention.hours'] as const) {
    const kept = number(name);
    rule(
      kept === null || kept >= 1 || kept === -1,
      name,
      `${name} must be unlimited (-1) or, greater than or equal to 1`,
    );
  }
  rule(
    number('log.cleaner.min.compaction.lag.ms')! <= number('log.cleaner.max.compaction.lag.ms')!,
    'log.cleaner.min.compaction.lag.ms',
    `must not be more than log.cleaner.max.compaction.lag.ms (${number('log.cleaner.max.compaction.lag.ms')})`,
  );
  rule(
    number('log.cleaner.dedupe.buffer.size')! > 1_048_576,
    'log.cleaner.dedupe.buffer.size',
    'log.cleaner.dedupe.buffer.size must be at least 1MB per cleaner thread.',
  );
  const queuedBytes = number('queued.max.request.bytes')!;
  rule(
    queuedBytes <= 0 || queuedBytes >= number('socket.request.max.bytes')!,
    'queued.max.request.bytes',
    'queued.max.request.bytes must be larger or equal to socket.request.max.bytes',
  );
  rule(
    number('max.connections.per.ip') !== 0 || value<string>('max.connections.per.ip.overrides') !== '',
    'max.connections.per.ip',
    'max.connections.per.ip can be set to zero only if max.connections.per.ip.overrides property is set.',
  );
  const idleMs = number('connections.max.idle.ms')!;
  rule(
    idleMs < 0 || number('connection.failed.authentication.delay.ms')! < idleMs,
    'connection.failed.authentication.delay.ms',
    'should always be less than connections.max.idle.ms to prevent failed authentication responses from timing out',
  );
  rule(
    number('group.min.session.timeout.ms')! <= number('group.max.session.timeout.ms')!,
    'group.min.session.timeout.ms',
    'must not be more than group.max.session.timeout.ms',
  );
  const authorizer = value<string>('authorizer.class.name');
  rule(
    authorizer === '' || AUTHORIZER_CLASSES.includes(authorizer),
    'authorizer.class.name',
    `classes of Java cannot be run, so that requests would not be held to its rules; there is ${AUTHORIZER_CLASSES[0]}`,
  );
  const nameless = superUsersOf(value<string>('super.users')).find((one) => !/^[^:]+:/.test(one));
  rule(
    nameless === undefined,
    'super.users',
    `expected a string in format principalType:principalName but got ${nameless}`,
  );
  const directories = value<readonly string[] | null>('log.dirs') ?? value<readonly string[]>('log.dir');
  const stranger = value<readonly string[]>('cordoned.log.dirs').find(
    (one) => one !== '*' && !directories.includes(one),
  );
  rule(
    stranger === undefined,
    'cordoned.log.dirs',
    `All entries in cordoned.log.dirs must be present in log.dirs or log.dir, or be *; ${stranger} is not`,
  );
  const overrides = value<string>('max.connections.per.ip.overrides');
  const wrong = addressCounts(overrides).wrong;
  rule(
    wrong === undefined,
    'max.connections.per.ip.overrides',
    `${wrong} is not of the form address:count, with a count of 0 or more`,
  );
  rule(
    number('default.replication.factor')! >= 1 && number('default.replication.factor')! <= 32_767,
    'default.replication.factor',
    'must be 1 or more',
  );
  return broken;
}

/** Reads `address:count, ...`; `wrong` is the first entry that is not of that form. */
export function addressCounts(text: string): { readonly counts: ReadonlyMap<string, number>; readonly wrong?: string } {
  const counts = new Map<string, number>();
  for (const entry of text.split(',').map((one) => one.trim())) {
    if (entry === '') continue;
    const found = /^(\S+):(\d{1,10})$/.exec(entry);
    if (!found) return { counts, wrong: entry };
    counts.set(found[1]!, Number(found[2]));
  }
  return { counts };
}
