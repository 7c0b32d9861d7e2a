import { afterEach, describe, expect, test } from 'vitest';
import { TestCluster } from '../test/test-cluster.ts';

let cluster: TestCluster | undefined;
afterEach(async () => {
  await cluster?.stop();
  cluster = undefined;
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('a cluster in one process', () => {
  test('one cluster id, one controller, and every broker knows of all', async () => {
    cluster = await TestCluster.start(3);
    const ids = new Set([1, 2, 3].map((id) => cluster!.broker(id).broker.clusterId));
    expect(ids.size).toBe(1);
    expect(cluster.image.controllerId).toBe(1);
    expect(cluster.image.liveBrokers().map(({ brokerId }) => brokerId)).toEqual([1, 2, 3]);
  });

  test('the controller goes: another is elected under a higher epoch, and fences who went', async () => {
    cluster = await TestCluster.start(3);
    const { epoch } = cluster.image;
    await cluster.broker(1).close();
    await until(() => cluster!.image.broker(1)?.fenced === true);
    expect(cluster.image.controllerId).toBe(2);
    expect(cluster.image.epoch).toBeGreaterThan(epoch);
    const before = cluster.image.broker(1)!.brokerEpoch;
    await cluster.broker(1).open();
    expect(cluster.image.broker(1)).toMatchObject({ fenced: false, previousBrokerEpoch: before });
    expect(cluster.image.broker(1)!.brokerEpoch).toBeGreaterThan(before);
  });

  test('a broker that was given up while it lives registers again, and so does one that the controller fenced', async () => {
    cluster = await TestCluster.start(2);
    const before = cluster.image.broker(2)!.brokerEpoch;
    await cluster.expire(2);
    await until(() => cluster!.image.broker(2)!.brokerEpoch > before && !cluster!.image.broker(2)!.fenced);
    expect(cluster.broker(2).eventNames()).toContain('controller.registrationLost');
  });
});
