// A small NestJS application over Kafka: a shop whose service answers requests and hears events, and two clients that ask
// it. Knows nothing of the module behind 'kafkajs'; whoever starts it says which (node --import). Ends by itself and prints
// what it saw as JSON, one line each.
//   node sample-app.ts BOOTSTRAP PREFIX
// The decorators of NestJS are called as functions: these sources run as they are, and Node strips types only.
import 'reflect-metadata';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ClientKafka,
  Ctx,
  EventPattern,
  type KafkaContext,
  type KafkaOptions,
  MessagePattern,
  Payload,
  RpcException,
  Transport,
} from '@nestjs/microservices';
import { firstValueFrom, lastValueFrom } from 'rxjs';

const [, , bootstrap = 'localhost:9092', prefix = 'shop'] = process.argv;
const topic = (name: string): string => `${prefix}.${name}`;

function tell(what: string, seen: unknown): void {
  process.stdout.write(`${JSON.stringify([what, seen])}\n`);
}

interface Order {
  readonly id: number;
  readonly prices: readonly number[];
}

const heard: string[] = [];

class Shop {
  total({ prices }: Order, context: KafkaContext): object {
    const { headers } = context.getMessage();
    return {
      total: prices.reduce((sum, price) => sum + price, 0),
      topic: context.getTopic(),
      from: headers?.from === undefined ? 'nobody' : String(headers.from),
    };
  }

  refuse({ id }: Order): never {
    throw new RpcException(`order ${id} is refused`);
  }

  placed(order: Order, context: KafkaContext): void {
    heard.push(`${order.id} in ${context.getPartition()} by ${String(context.getMessage().key)}`);
  }
}

class ShopModule {}

/** Puts a decorator of a method, and those of its parameters, where the syntax would. */
function handler(name: keyof Shop, method: MethodDecorator, ...parameters: ParameterDecorator[]): void {
  const descriptor = Object.getOwnPropertyDescriptor(Shop.prototype, name);
  if (descriptor) method(Shop.prototype, name, descriptor);
  for (const [index, decorate] of parameters.entries()) decorate(Shop.prototype, name, index);
}
handler('total', MessagePattern(topic('total')), Payload(), Ctx());
handler('refuse', MessagePattern(topic('refuse')), Payload());
handler('placed', EventPattern(topic('placed')), Payload(), Ctx());
Controller()(Shop);
Module({ controllers: [Shop] })(ShopModule);

const connection = { brokers: [bootstrap], retry: { retries: 10, initialRetryTime: 100 } };
const quick = { heartbeatInterval: 300, sessionTimeout: 6_000, maxWaitTimeInMs: 100, rebalanceTimeout: 6_000 };

function clientOf(name: string): ClientKafka {
  const client = new ClientKafka({
    client: { ...connection, clientId: name },
    consumer: { groupId: `${prefix}-clients`, ...quick },
  });
  for (const request of ['total', 'refuse']) client.subscribeToResponseOf(topic(request));
  return client;
}

async function until(what: string, condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    if (tries > 400) throw new Error(`not within 20 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const app = await NestFactory.createMicroservice(ShopModule, {
  logger: ['error', 'warn'],
  transport: Transport.KAFKA,
  options: {
    client: { ...connection, clientId: 'shop' },
    consumer: { groupId: `${prefix}-shop`, ...quick },
    subscribe: { fromBeginning: true },
  },
} as KafkaOptions);
await app.listen();

const clients = [clientOf('one'), clientOf('two')];
for (const client of clients) await client.connect();
// Of the reply topics each client has partitions of its own, once the group has taken both in.
await until('both clients have reply partitions', () =>
  clients.every((client) => client.getConsumerAssignments()[topic('total.reply')] !== undefined),
);
const replies = clients.map((client) => client.getConsumerAssignments()[topic('total.reply')]);
tell('reply partitions are disjoint', new Set(replies).size === clients.length);

const [one, two] = clients as [ClientKafka, ClientKafka];
const order = { id: 1, prices: [1, 2, 3] };
tell('request and reply', await firstValueFrom(one.send(topic('total'), order)));
tell(
  'with key and headers',
  await firstValueFrom(two.send(topic('total'), { key: 'k', value: order, headers: { from: 'two' } })),
);

const many = await Promise.all(
  Array.from({ length: 40 }, (_, id) =>
    firstValueFrom(clients[id % 2]!.send(topic('total'), { id, prices: [id, id] })).then(({ total }) => total),
  ),
);
tell('forty at once', many.join());

const refusal = await firstValueFrom(one.send(topic('refuse'), { id: 9, prices: [] })).catch((error: unknown) => error);
tell('an error comes back', refusal);

for (const id of [1, 2, 3]) await lastValueFrom(two.emit(topic('placed'), { key: 'same', value: { id, prices: [] } }));
const messages = [4, 5].map((id) => ({ key: 'same', value: { id, prices: [] } }));
await lastValueFrom(two.emitBatch(topic('placed'), { messages }));
await until('five events', () => heard.length >= 5);
tell('events in order', heard.map((line) => line.replace(/ in \d+/, '')).join());
tell('events of one key in one partition', new Set(heard.map((line) => line.split(' ')[2])).size);

// A client that only sends has a consumer too, with nothing to read.
const sender = new ClientKafka({
  client: { ...connection, clientId: 'sender' },
  consumer: { groupId: `${prefix}-sender`, ...quick },
});
await lastValueFrom(sender.emit(topic('placed'), { key: 'same', value: { id: 6, prices: [] } }));
await until('the sixth event', () => heard.length >= 6);
tell('a client that only sends', heard.at(-1)?.replace(/ in \d+/, ''));

for (const client of [...clients, sender]) await client.close();
await app.close();
tell('closed', true);
