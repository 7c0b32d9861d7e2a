// The command line of kafka-acls: what goes together, which rules it means, and what it prints, against a broker with an
// authorizer. The texts are those of Kafka 4.3's AclCommand.
import { TestBroker } from '@moldau/broker/test/test-broker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { recordingTerminal } from '../../test/recording-terminal.ts';
import { acls } from './acls.ts';

const SERVER = ['--bootstrap-server', 'localhost:1'];
const words = (text: string) => text.split(' ').map((word) => word.replaceAll("'", ''));

describe('refused before anything is asked', () => {
  test.each([
    ['--list', 'One of --bootstrap-server or --bootstrap-controller must be specified'],
    [
      '--bootstrap-server a:1 --bootstrap-controller a:1 --list',
      'Only one of --bootstrap-server or --bootstrap-controller must be specified',
    ],
  ])('%s', async (line, message) => {
    const terminal = recordingTerminal();
    expect(await acls.run(words(line), terminal)).toBe(1);
    expect(terminal.stderr.split('\n')[0]).toBe(message);
  });

  test.each([
    ['--topic t', 'Command must include exactly one action: --list, --add, --remove. '],
    ['--list --add', 'Command must include exactly one action: --list, --add, --remove. '],
    ['--list --allow-principal User:a', 'Option "[list]" can\'t be used with option "[allow-principal]"'],
    ['--add --producer --operation Read --topic t', 'Option "[producer]" can\'t be used with option "[operation]"'],
    ['--add --principal User:a --topic t', 'The --principal option is only available if --list is set'],
    ['--add --producer --allow-principal User:a', 'With --producer you must specify a --topic'],
    ['--add --idempotent --topic t', 'The --idempotent option is only available if --producer is set'],
    [
      '--add --consumer --topic t --allow-principal User:a',
      'With --consumer you must specify a --topic and a --group and no --cluster or --transactional-id option should be specified.',
    ],
    [
      '--add --allow-principal User:a',
      'You must provide at least one resource: --topic <topic> or --cluster or --group <group> or --delegation-token <Delegation Token ID>',
    ],
    ['--add --topic t', 'You must specify one of: --allow-principal, --deny-principal when trying to add ACLs.'],
    [
      '--add --topic t --allow-principal User:a --resource-pattern-type match',
      "A '--resource-pattern-type' value of 'MATCH' is not valid when adding acls.",
    ],
    ['--list --topic t --resource-pattern-type some', "Cannot parse argument 'some' of option resource-pattern-type"],
    [
      '--add --group g --allow-principal User:a --operation Write',
      'ResourceType GROUP only supports operations Read, Describe, Delete, DescribeConfigs, AlterConfigs, All',
    ],
    [
      '--add --topic t --allow-principal alice',
      'expected a string in format principalType:principalName but got alice',
    ],
  ])('%s', async (line, message) => {
    const terminal = recordingTerminal();
    expect(await acls.run([...SERVER, ...words(line)], terminal)).toBe(1);
    expect(terminal.stderr.split('\n')[0]).toBe(message);
  });
});

describe('against a broker', () => {
  let broker: TestBroker;
  beforeAll(async () => {
    broker = await TestBroker.start({
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users': 'User:ANONYMOUS',
    });
  });
  afterAll(() => broker.stop());

  async function run(line: string, input = '') {
    const { host, port } = broker.endpoint;
    const terminal = recordingTerminal(input);
    const status = await acls.run(['--bootstrap-server', `${host}:${port}`, ...words(line)], terminal);
    expect(terminal.stderr).toBe('');
    return { status, out: terminal.stdout };
  }
  const pattern = (type: string, name: string, kind = 'LITERAL') =>
    `ResourcePattern(resourceType=${type}, name=${name}, patternType=${kind})`;
  const entry = (who: string, operation: string, host = '*', permission = 'ALLOW') =>
    `(principal=${who}, host=${host}, operation=${operation}, permissionType=${permission})`;

  test('added, shown, there already, removed', async () => {
    const added = await run('--add --allow-principal User:a --operation Read --operation DescribeConfigs --topic t');
    const lines = [entry('User:a', 'READ'), entry('User:a', 'DESCRIBE_CONFIGS')];
    expect(added).toEqual({
      status: 0,
      out: `Adding ACLs for resource \`${pattern('TOPIC', 't')}\`: \n \t${lines.join('\n\t')}\n\n`,
    });
    const listed = await run('--list --topic t');
    expect(listed.out).toBe(
      `Current ACLs for resource \`${pattern('TOPIC', 't')}\`:\n\t${[...lines].sort().join('\n\t')}\n\n`,
    );
    const again = await run('--add --allow-principal User:a --operation Read --topic t');
    expect(again.out).toBe(`Acl (pattern=${pattern('TOPIC', 't')}, entry=${lines[0]}) already exists.\n`);

    const question = `Are you sure you want to remove ACLs: \n \t${lines[0]}\n from resource filter \`${pattern('TOPIC', 't')}\`? (y/n)\n`;
    const remove = '--remove --allow-principal User:a --operation Read --topic t';
    expect((await run(remove, 'n\n')).out).toBe(question);
    expect((await run('--list --topic t')).out).toContain(lines[0]);
    expect((await run(remove, 'Y\n')).out).toBe(question);
    expect((await run('--list --topic t')).out).not.toContain(lines[0]);
    expect((await run('--remove --topic t --force')).out).toBe('');
    expect((await run('--list --topic t')).out).toBe('');
  });

  test('what consumers and producers need, from some hosts', async () => {
    await run('--add --consumer --allow-principal User:c --allow-host 10.0.0.1 --topic orders --group billing');
    await run('--add --producer --idempotent --allow-principal User:p --topic orders --transactional-id tx');
    const { out } = await run('--list');
    for (const [where, ...entries] of [
      [pattern('TOPIC', 'orders'), entry('User:c', 'READ', '10.0.0.1'), entry('User:c', 'DESCRIBE', '10.0.0.1')],
      [pattern('TOPIC', 'orders'), entry('User:p', 'WRITE'), entry('User:p', 'DESCRIBE'), entry('User:p', 'CREATE')],
      [pattern('GROUP', 'billing'), entry('User:c', 'READ', '10.0.0.1')],
      [pattern('TRANSACTIONAL_ID', 'tx'), entry('User:p', 'WRITE'), entry('User:p', 'DESCRIBE')],
      [pattern('CLUSTER', 'kafka-cluster'), entry('User:p', 'IDEMPOTENT_WRITE')],
    ] as const) {
      const block = out.split('\n\n').find((one) => one.includes(where));
      for (const one of entries) expect(block).toContain(`\t${one}`);
    }
    const ofOne = await run('--list --principal User:c');
    expect(ofOne.out).toContain('ACLs for principal `User:c`\n');
    expect(ofOne.out).not.toContain('User:p');
    await run('--remove --force --topic orders --group billing --transactional-id tx --cluster');
    expect((await run('--list')).out).toBe('');
  });

  test('by what concerns a name', async () => {
    await run('--add --allow-principal User:a --topic or --resource-pattern-type prefixed');
    await run('--add --deny-principal User:b --deny-host 10.0.0.1 --topic *');
    const { out } = await run('--list --topic orders --resource-pattern-type match');
    expect(
      out
        .trim()
        .split('\n')
        .filter((line) => line.startsWith('\t'))
        .sort(),
    ).toEqual([`\t${entry('User:a', 'ALL')}`, `\t${entry('User:b', 'ALL', '10.0.0.1', 'DENY')}`]);
    expect((await run('--list --topic orders')).out).toBe('');
    await run('--remove --force --topic orders --resource-pattern-type match');
    expect((await run('--list')).out).toBe('');
  });

  test('a broker without an authorizer', async () => {
    const open = await TestBroker.start();
    try {
      const terminal = recordingTerminal();
      const server = `127.0.0.1:${open.endpoint.port}`;
      expect(await acls.run(['--bootstrap-server', server, '--list'], terminal)).toBe(1);
      expect(terminal.stdout).toBe(
        'Error while executing ACL command: org.apache.kafka.common.errors.SecurityDisabledException: No Authorizer is configured on the broker\n',
      );
    } finally {
      await open.stop();
    }
  });
});
