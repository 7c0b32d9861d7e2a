let made = 0;

/** Kafka's way of naming clients that were given no name: 'consumer-mygroup-1', 'producer-2', numbered in this process. */
export function defaultClientId(kind: string): string {
  return `${kind}-${++made}`;
}
