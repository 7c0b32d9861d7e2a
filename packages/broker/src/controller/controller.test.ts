import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Disk, DiskError, type Ports } from '@moldau/kernel';
import { nodePorts } from '@moldau/kernel/node/ports';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EventLog, SILENT_SINK } from '../events.ts';
import { createMetrics } from '../metrics.ts';
import { Peers } from '../peer/peers.ts';
import { configOf } from '../test/cluster-picture.ts';
import { ControllerUnavailable, type TopicWish } from './controller.ts';
import { CONTROLLER_METRICS } from './metrics.ts';
import { openCluster, openEngine } from './open-cluster.ts';
import type { LogOnDisk } from './store-check.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'moldau-controller-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

interface OpenOptions {
  readonly logs?: readonly LogOnDisk[];
  readonly clusterId?: string;
  readonly settings?: Readonly<Record<string, string>>;
  readonly ports?: Ports;
}

async function open(options: OpenOptions = {}) {
  const { ports = nodePorts } = options;
  const config = configOf({ 'log.dirs': directory, ...options.settings });
  const events = new EventLog(SILENT_SINK);
  const onFailed = (error: Error) => {
    throw error;
  };
  const engine = await openEngine({ ports, config, events, onFailed });
  try {
    const logs = {
      ...{ clusterId: options.clusterId ?? 'cluster', logs: () => options.logs ?? [] },
      ...{ previousBrokerEpoch: -1, isCordoned: false },
    };
    const endpoints = [{ listener: 'PLAINTEXT', host: 'localhost', port: 9092 }];
    const controllerMetrics = createMetrics(CONTROLLER_METRICS);
    const peers = new Peers({ nodeId: config.nodeId, ports, config, image: () => engine.image });
    const { controller, close } = await openCluster({
      ports,
      config,
      engine,
      logs,
      endpoints,
      events,
      peers,
      controllerMetrics,
    });
    return { controller: controller.here(), host: controller, close };
  } catch (error) {
    await engine.close();
    throw error;
  }
}

/** The id of the cluster in the store, which is only read. */
async function knownClusterId(config: ReturnType<typeof configOf>): Promise<string | undefined> {
  const engine = await openEngine({ ports: nodePorts, config, events: new EventLog(SILENT_SINK), onFailed: () => {} });
  return engine.image.clusterId;
}

/** The machine's ports, with a disk whose writes fail while `code` is set. */
function portsWithFaults(fault: { code: string | undefined }): Ports {
  const open: Disk['open'] = async (path, mode) => {
    const file = await nodePorts.disk.open(path, mode);
    const write: typeof file.write = async (chunks, position) => {
      if (fault.code) throw new DiskError(fault.code, path, `write ${path}: ${fault.code}`);
      await file.write(chunks, position);
    };
    return Object.assign(Object.create(file), {
      write,
      truncate: (length: number) => file.truncate(length),
      datasync: () => file.datasync(),
      close: () => file.close(),
    });
  };
  return { ...nodePorts, disk: Object.assign(Object.create(nodePorts.disk), { open }) };
}

const wish = (name: string, parts: Partial<TopicWish> = {}): TopicWish => ({
  name,
  numPartitions: 1,
  replicationFactor: 1,
  assignments: [],
  configs: [],
  ...parts,
});

describe('commands', () => {
  test('a topic is in the picture when it is answered, and after a restart under a higher leader epoch', async () => {
    let { controller, close } = await open();
    const [created] = await controller.createTopics([wish('t', { numPartitions: 2 })], { validateOnly: false });
    expect(created).toMatchObject({ error: 'NONE', numPartitions: 2 });
    expect(controller.image().topic('t')?.topicId).toBe(created?.topicId);
    expect(created?.topicId).toMatch(/^[\w-]{22}$/);
    await close();
    ({ controller, close } = await open());
    expect(controller.image().topic('t')?.topicId).toBe(created?.topicId);
    expect(controller.image().partition('t', 1)).toMatchObject({ leader: 1, leaderEpoch: 1 });
    await close();
  });

  test('validateOnly answers the same and changes nothing', async () => {
    const { controller, close } = await open();
    const [created] = await controller.createTopics([wish('t')], { validateOnly: true });
    expect(created?.error).toBe('NONE');
    expect(controller.image().topicCount).toBe(0);
    await close();
  });

  test('commands of one turn see each other, and a refusal that rests on another waits for it', async () => {
    const { controller, close } = await open();
    const order: string[] = [];
    const first = controller.createTopics([wish('t')], { validateOnly: false }).then(([one]) => order.push(one!.error));
    const second = controller.createTopics([wish('t')], { validateOnly: false }).then(([one]) => {
      order.push(one!.error);
      expect(controller.image().topic('t')).toBeDefined();
    });
    await Promise.all([first, second]);
    expect(order).toEqual(['NONE', 'TOPIC_ALREADY_EXISTS']);
    await close();
  });

  test('many who ask for a missing topic share one creation', async () => {
    const { controller, close } = await open({ settings: { 'num.partitions': '3' } });
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => controller.ensureTopic('auto')));
    expect(new Set(outcomes.map((one) => one.error))).toEqual(new Set(['NONE']));
    expect(controller.image().topic('auto')?.partitions).toHaveLength(3);
    const mixed = await controller.ensureTopics(['auto', 'a b', 'new']);
    expect([...mixed].map(([name, { error }]) => [name, error])).toEqual([
      ['auto', 'NONE'],
      ['a b', 'INVALID_TOPIC_EXCEPTION'],
      ['new', 'NONE'],
    ]);
    await close();
  });

  test('internal topics get what their coordinators need', async () => {
    const { controller, close } = await open();
    expect(await controller.ensureTopic('__consumer_offsets')).toEqual({ error: 'NONE', detail: null });
    expect(controller.image().topic('__consumer_offsets')?.partitions).toHaveLength(50);
    expect(Object.fromEntries(controller.image().configs('topic', '__consumer_offsets'))).toEqual({
      'cleanup.policy': 'compact',
      'compression.type': 'producer',
      'segment.bytes': '104857600',
    });
    await close();
  });

  test('a replication factor of internal topics that was demanded is meant', async () => {
    const { controller, close } = await open({ settings: { 'offsets.topic.replication.factor': '3' } });
    expect((await controller.ensureTopic('__consumer_offsets')).error).toBe('INVALID_REPLICATION_FACTOR');
    await close();
  });

  test('producer ids come in blocks that nobody gets twice', async () => {
    let { controller, close } = await open();
    const blocks = await Promise.all([controller.allocateProducerIds(1), controller.allocateProducerIds(1)]);
    expect(blocks).toEqual([
      { first: 0, count: 1000 },
      { first: 1000, count: 1000 },
    ]);
    await close();
    ({ controller, close } = await open());
    expect(await controller.allocateProducerIds(1)).toEqual({ first: 2000, count: 1000 });
    await close();
  });

  test('after the end every command is refused, retriably', async () => {
    const { controller, close } = await open();
    await close();
    const refusal = await controller
      .createTopics([wish('t')], { validateOnly: false })
      .catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(ControllerUnavailable);
    expect((refusal as ControllerUnavailable).error).toBe('NOT_CONTROLLER');
  });

  test('a full disk refuses commands, retriably, and the next one goes through', async () => {
    const fault: { code: string | undefined } = { code: undefined };
    const { controller, close } = await open({ ports: portsWithFaults(fault) });
    fault.code = 'ENOSPC';
    const refusals = await Promise.allSettled([
      controller.createTopics([wish('a')], { validateOnly: false }),
      controller.ensureTopic('b'),
      controller.allocateProducerIds(1),
    ]);
    for (const refusal of refusals) {
      expect(refusal).toMatchObject({ status: 'rejected', reason: { error: 'KAFKA_STORAGE_ERROR' } });
    }
    expect(controller.image().topicCount).toBe(0);
    fault.code = undefined;
    expect((await controller.createTopics([wish('a')], { validateOnly: false }))[0]?.error).toBe('NONE');
    expect((await controller.ensureTopic('b')).error).toBe('NONE');
    expect(await controller.allocateProducerIds(1)).toEqual({ first: 0, count: 1000 });
    await close();
  });

  test('ten thousand partitions take milliseconds to decide and keep', async () => {
    const { controller, close } = await open();
    const [created] = await controller.createTopics([wish('big', { numPartitions: 10_000 })], { validateOnly: false });
    expect(created?.error).toBe('NONE');
    expect(controller.image().partitionCount).toBe(10_000);
    await close();
  });
});

describe('the store', () => {
  test('belongs to a cluster that is known before anything is opened', async () => {
    const config = configOf({ 'log.dirs': directory });
    expect(await knownClusterId(config)).toBeUndefined();
    const { close } = await open();
    await close();
    expect(await knownClusterId(config)).toBe('cluster');
  });

  test('log.dirs that names a file is told with the name of the setting', async () => {
    const file = join(directory, 'a-file');
    await writeFile(file, '');
    await expect(knownClusterId(configOf({ 'log.dirs': file }))).rejects.toThrow(
      `cannot use ${file} (setting 'log.dirs'): it is a file`,
    );
  });

  test('is refused when it is of another cluster, or missing beside data', async () => {
    const log = { topic: 't', partition: 0, directory, topicId: 'x', latestEpoch: 0 };
    await expect(open({ logs: [log] })).rejects.toThrow('the metadata of the cluster in');
    const { close } = await open();
    await close();
    await expect(open({ clusterId: 'other' })).rejects.toThrow('names cluster other');
  });

  test('cannot be opened twice', async () => {
    const { close } = await open();
    await expect(open()).rejects.toThrow(/__moldau_metadata/);
    await close();
    await (await open()).close();
  });
});
