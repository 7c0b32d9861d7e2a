/** Randomness as a port. The simulator draws from its seed, so that a run can be repeated. */
export interface Random {
  /** `count` random bytes, good enough for secrets under the Node adapter. */
  bytes(count: number): Buffer;
  /** A float in [0, 1). */
  float(): number;
}

/** A random UUID (version 4) as Kafka prints one: 22 characters of base64url. Never starts with '-' (Kafka's rule, so that it can be typed as an option's value). */
export function randomUuid(random: Random): string {
  for (;;) {
    const bytes = random.bytes(16);
    bytes[6] = (bytes[6]! & 0x0f) | 0x40;
    bytes[8] = (bytes[8]! & 0x3f) | 0x80;
    const text = bytes.toString('base64url');
    if (!text.startsWith('-')) return text;
  }
}
