// Records and commits on their way through the application's interceptors, counted for the metrics.
import { warn } from '../node/warning.ts';
import type { ConsumerInterceptor, ConsumerRecord, PartitionOffset } from './consumer-model.ts';

export class Interceptors<K, V> {
  readonly #interceptors: readonly ConsumerInterceptor<K, V>[];
  readonly counts = { records: 0, bytes: 0, commits: 0 };

  constructor(interceptors: readonly ConsumerInterceptor<K, V>[]) {
    this.#interceptors = interceptors;
  }

  onConsume(records: ConsumerRecord<K, V>[]): ConsumerRecord<K, V>[] {
    this.counts.records += records.length;
    for (const { payloadBytes } of records) this.counts.bytes += payloadBytes;
    let given = records;
    for (const interceptor of this.#interceptors) {
      this.#guarded('onConsume', () => {
        given = interceptor.onConsume?.(given) ?? given;
      });
    }
    return given;
  }

  onCommit(offsets: readonly PartitionOffset[]): void {
    this.counts.commits++;
    for (const interceptor of this.#interceptors) this.#guarded('onCommit', () => interceptor.onCommit?.(offsets));
  }

  #guarded(what: string, call: () => void): void {
    try {
      call();
    } catch (error) {
      warn(`An interceptor of the consumer failed in ${what}: ${String(error)}`);
    }
  }
}
