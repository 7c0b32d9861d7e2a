// The Prometheus page: /metrics on `metrics.host`:`metrics.port`. Reads the broker's plain cells only when asked; the hot
// paths never touch prom-client.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { collectDefaultMetrics, type Metric, Registry } from 'prom-client';
import {
  familyCellsMax,
  GaugeCell,
  HistogramCell,
  type MetricCell,
  type MetricDefinition,
  MetricFamily,
  RowsCell,
} from '../metrics.ts';

type Cells = Readonly<Record<string, unknown>>;

export class MetricsServer {
  readonly port: number;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  static open(o: {
    readonly host: string;
    readonly port: number;
    readonly table: Readonly<Record<string, MetricDefinition>>;
    readonly cells: Cells;
  }): Promise<MetricsServer> {
    const registry = registryOf(o.table, o.cells);
    const server = createServer((request, response) => {
      const path = (request.url ?? '').split('?')[0];
      if (request.method !== 'GET' || path !== '/metrics') {
        response.writeHead(404, { 'content-type': 'text/plain' }).end('see /metrics\n');
        return;
      }
      registry.metrics().then(
        (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
        (error: unknown) => response.writeHead(500).end(String(error)),
      );
    });
    server.headersTimeout = 10_000;
    server.requestTimeout = 10_000;
    server.maxConnections = 64;
    return new Promise((resolve, reject) => {
      server.once('error', (error) =>
        reject(new Error(`cannot serve metrics on ${o.host}:${o.port} (setting 'metrics.port'): ${error.message}`)),
      );
      server.listen({ host: o.host, port: o.port }, () => resolve(new MetricsServer(server)));
    });
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}

function registryOf(table: Readonly<Record<string, MetricDefinition>>, cells: Cells): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const [key, definition] of Object.entries(table)) {
    registry.registerMetric(new PublishedMetric(definition, cells[key]) as unknown as Metric);
  }
  return registry;
}

interface Sample {
  readonly metricName?: string;
  readonly value: number;
  readonly labels: Record<string, string | number>;
}

/** Gives prom-client's registry what it asks of a metric, straight from our cells. */
class PublishedMetric {
  readonly name: string;
  readonly help: string;
  readonly type: MetricDefinition['kind'];
  readonly aggregator = 'sum';
  readonly #labels: readonly string[];
  readonly #cells: unknown;

  constructor(definition: MetricDefinition, cells: unknown) {
    this.name = definition.name;
    this.help = definition.help;
    this.type = definition.kind;
    this.#labels = definition.labels ?? [];
    this.#cells = cells;
  }

  reset(): void {}

  get() {
    const values: Sample[] = [];
    if (this.#cells instanceof RowsCell) {
      for (const { labels, value } of this.#cells.read()) {
        if (values.length >= familyCellsMax) break;
        values.push({ value, labels: this.#named(labels) });
      }
    } else if (this.#cells instanceof MetricFamily) {
      for (const { labels, cell } of this.#cells.cells.values()) this.#add(values, labels, cell);
    } else this.#add(values, [], this.#cells);
    return Promise.resolve({ name: this.name, help: this.help, type: this.type, aggregator: this.aggregator, values });
  }

  #add(values: Sample[], labelValues: readonly string[], cell: unknown): void {
    const labels = this.#named(labelValues);
    if (!(cell instanceof HistogramCell)) {
      values.push({ value: cell instanceof GaugeCell ? cell.read() : (cell as MetricCell).value, labels });
      return;
    }
    let below = 0;
    cell.bounds.forEach((bound, i) => {
      below += cell.counts[i]!;
      values.push({ metricName: `${this.name}_bucket`, value: below, labels: { ...labels, le: bound } });
    });
    values.push({ metricName: `${this.name}_bucket`, value: cell.count, labels: { ...labels, le: '+Inf' } });
    values.push({ metricName: `${this.name}_sum`, value: cell.sum, labels });
    values.push({ metricName: `${this.name}_count`, value: cell.count, labels });
  }

  #named(values: readonly string[]): Record<string, string> {
    return Object.fromEntries(this.#labels.map((label, i) => [label, values[i] ?? '']));
  }
}
