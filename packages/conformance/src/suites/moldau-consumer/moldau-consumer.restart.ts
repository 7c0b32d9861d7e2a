// Our consumer through a stop and a kill -9 of its broker: it goes on by itself, by either protocol, and loses nothing.
import { Admin } from '@moldau/client';
import { expect, test } from 'vitest';
import { offersConsumerProtocol } from '../../contract/consumer-protocol.ts';
import { eventually } from '../../suite/eventually.ts';
import { bootstrap, broker, controllable, fresh } from '../../suite/target.ts';
import { fill, newTopic, reading } from './readers.ts';

const admin = new Admin({ bootstrapServers: bootstrap });
const offered = await offersConsumerProtocol(admin);
await admin.close();

const protocols = offered ? (['classic', 'consumer'] as const) : (['classic'] as const);

for (const groupProtocol of protocols)
  for (const how of ['stop', 'kill'] as const)
    test.runIf(controllable)(`${groupProtocol}: a ${how} of the broker, and on it goes`, async () => {
      const topic = await newTopic(4);
      const seen = new Map<number, number>();
      await fill(topic, 40, 4);
      const reader = reading(topic, seen, { groupId: fresh('group'), groupProtocol });
      await eventually('the first are read', () => seen.size === 40);
      await broker[how]();
      await broker.start();
      await fill(topic, 40, 4, 40);
      await eventually('the rest is read', () => seen.size === 80, 60_000);
      await reader.stop();
      expect(Math.max(...seen.keys())).toBe(79);
    });
