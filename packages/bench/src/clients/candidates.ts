// Who is compared. Each is loaded only in the worker that measures it.
import type { Candidate } from './candidate.ts';

export interface NamedCandidate {
  readonly key: string;
  readonly title: string;
  /** Ours: stands on the left of every ratio. */
  readonly ours: boolean;
  load(): Promise<Candidate>;
}

export const candidates: readonly NamedCandidate[] = [
  {
    key: 'moldau',
    title: '@moldau/client',
    ours: true,
    load: async () => (await import('./candidates/moldau.ts')).moldau,
  },
  {
    key: 'moldau-kafkajs',
    title: '@moldau/client/kafkajs',
    ours: true,
    load: async () => (await import('./candidates/kafkajs.ts')).moldauFace,
  },
  {
    key: 'kafkajs',
    title: 'kafkajs',
    ours: false,
    load: async () => (await import('./candidates/kafkajs.ts')).kafkajs,
  },
  {
    key: 'platformatic',
    title: '@platformatic/kafka',
    ours: false,
    load: async () => (await import('./candidates/platformatic.ts')).platformatic,
  },
  {
    key: 'confluent',
    title: '@confluentinc/kafka-javascript',
    ours: false,
    load: async () => (await import('./candidates/confluent.ts')).confluent,
  },
];
