// The very broker and the very clients in a virtual world: a seed decides everything that happens.
import { Broker } from '@moldau/broker/broker';
import { readBrokerConfig } from '@moldau/broker/config/read-config';
import { Admin, Consumer, Producer } from '@moldau/client';
import { expect, test } from 'vitest';
import { DiskPort } from '../disk/disk-port.ts';
import { SimDisk } from '../disk/sim-disk.ts';
import { SimNetwork } from '../network/sim-network.ts';
import { Machine } from './machine.ts';
import { portsOf } from './ports.ts';
import { World } from './world.ts';

async function run(seed: string) {
  const world = new World(seed);
  const trace: string[] = [];
  world.onEvent = (at, machine, label) => trace.push(`${at} ${machine} ${label}`);
  const network = new SimNetwork(world, world.draws.fork('network'));
  const portsOn = (name: string) => {
    const machine = new Machine(world, name, world.draws.fork(name));
    network.add(machine);
    const boot = machine.start();
    const disk = new DiskPort(new SimDisk(), boot, world.draws.fork(`disk of ${name}`));
    return portsOf(boot, world.draws.fork(`random of ${name}`), disk, network.port(boot));
  };
  const { config } = readBrokerConfig({
    values: {
      listeners: 'PLAINTEXT://:9092',
      'advertised.listeners': 'PLAINTEXT://broker-1:9092',
      'log.dirs': '/data',
      'group.initial.rebalance.delay.ms': '0',
    },
  });
  const read: string[] = [];
  let done = false;
  const program = async () => {
    await Broker.start({ ports: portsOn('broker-1'), config });
    const ports = portsOn('client-1');
    const bootstrapServers = 'broker-1:9092';
    const admin = new Admin({ ports, bootstrapServers, clientId: 'admin' });
    await admin.createTopics([{ name: 't', numPartitions: 2, replicationFactor: 1 }]);
    const producer = new Producer({ ports, bootstrapServers, clientId: 'producer' });
    await Promise.all(Array.from({ length: 200 }, (_, i) => producer.send({ topic: 't', value: `v${i}` })));
    const consumer = new Consumer({
      ports,
      bootstrapServers,
      clientId: 'consumer',
      groupId: 'g',
      autoOffsetReset: 'earliest',
    });
    consumer.subscribe(['t']);
    while (read.length < 200) for (const record of await consumer.poll(1000)) read.push(String(record.value));
    await consumer.close();
    await producer.close();
    await admin.close();
    done = true;
  };
  world.schedule(0, undefined, 'program', () => {
    program().catch((error: Error) => world.fail(error));
  });
  expect(await world.run(100_000, () => done)).toBe(true);
  expect(new Set(read).size).toBe(200);
  return { trace, hash: world.traceHash, read };
}

test('the same seed gives the same events, another seed others', async () => {
  const first = await run('1');
  expect(first.trace.length).toBeGreaterThan(100);
  expect(await run('1')).toEqual(first);
  expect((await run('2')).hash).not.toBe(first.hash);
});
