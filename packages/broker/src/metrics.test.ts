import { expect, test } from 'vitest';
import { BROKER_METRICS, createMetrics, familyCellsMax } from './metrics.ts';
import { MetricsServer } from './node/metrics-server.ts';

test('every metric has a name of its own in the Prometheus spelling, and words', () => {
  const definitions = Object.values(BROKER_METRICS);
  expect(new Set(definitions.map(({ name }) => name)).size).toBe(definitions.length);
  for (const { name, help, kind } of definitions) {
    expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
    expect(name.endsWith('_total')).toBe(kind === 'counter');
    expect(help.length).toBeGreaterThan(10);
  }
});

test('past its bound a family counts all further labels together', () => {
  const { bytesIn } = createMetrics(BROKER_METRICS);
  for (let i = 0; i < familyCellsMax; i++) bytesIn.with(`t${i}`);
  bytesIn.with('one too many').value++;
  bytesIn.with('and another').value++;
  expect(bytesIn.with('other').value).toBe(2);
  bytesIn.remove('t0');
  bytesIn.remove('t1');
  bytesIn.with('new').value++;
  expect(bytesIn.with('new').value).toBe(1);
});

test('the page shows counters, gauges and histograms with their labels', async () => {
  const cells = createMetrics(BROKER_METRICS);
  cells.bytesIn.with('t"1').value = 7;
  cells.partitions.read = () => 12;
  cells.followerLag.read = () => [{ labels: ['t', '0', '2'], value: 5 }];
  cells.requestSeconds.with('Produce').observe(0.003);
  cells.requestSeconds.with('Produce').observe(99);
  const server = await MetricsServer.open({ host: '127.0.0.1', port: 0, table: BROKER_METRICS, cells });
  try {
    const page = await fetch(`http://127.0.0.1:${server.port}/metrics`);
    expect(page.headers.get('content-type')).toContain('text/plain');
    const lines = (await page.text()).split('\n');
    expect(lines).toContain('# TYPE kafka_server_brokertopicmetrics_bytesin_total counter');
    expect(lines).toContain('kafka_server_brokertopicmetrics_bytesin_total{topic="t\\"1"} 7');
    expect(lines).toContain('kafka_server_replicamanager_partitioncount 12');
    expect(lines).toContain('moldau_follower_lag_records{topic="t",partition="0",broker="2"} 5');
    const seconds = 'kafka_network_requestmetrics_total_time_seconds';
    expect(lines).toContain(`${seconds}_bucket{request="Produce",le="0.0025"} 0`);
    expect(lines).toContain(`${seconds}_bucket{request="Produce",le="0.005"} 1`);
    expect(lines).toContain(`${seconds}_bucket{request="Produce",le="+Inf"} 2`);
    expect(lines).toContain(`${seconds}_count{request="Produce"} 2`);
    expect((await fetch(`http://127.0.0.1:${server.port}/`)).status).toBe(404);
  } finally {
    await server.close();
  }
});
