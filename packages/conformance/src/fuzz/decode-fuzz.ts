// All request codecs in this process: whatever the bytes, decoding returns or throws ProtocolError, and soon.
import { APIS, type Api, decodeRequest, decodeRequestHeader, ProtocolError } from '@moldau/protocol';
import { frameOf, type Pair } from './frames.ts';
import type { Known } from './grammar.ts';

const KNOWN: Known = { topics: [{ name: 'fuzz', id: 'AAAAAAAAAAAAAAAAAAAAAQ' }], brokerId: 1 };
/** Of one frame. Generous: the machine may be busy, and a decoder that runs away takes minutes. */
const DECODE_MS = 2_000;

export interface Finding {
  readonly index: number;
  readonly problem: string;
  readonly frame: string;
}

export function describedPairs(): Pair[] {
  return (Object.values(APIS) as Api[]).flatMap((api) =>
    Array.from({ length: api.versions.max - api.versions.min + 1 }, (_, i) => ({ api, version: api.versions.min + i })),
  );
}

/** Findings, and how many frames decoded in spite of everything. */
export function decodeFuzz(pair: Pair, frames: number, seed: number): { findings: Finding[]; decoded: number } {
  const findings: Finding[] = [];
  let decoded = 0;
  for (let index = 0; index < frames; index++) {
    const frame = frameOf(pair, index, seed, KNOWN);
    const startedAt = performance.now();
    try {
      const header = decodeRequestHeader(frame);
      // The mutation may have made it a request of another version or API; where it is none, the broker goes no further.
      if (header.known && header.apiKey === pair.api.key) {
        decodeRequest(pair.api, header, frame);
        decoded++;
      }
    } catch (error) {
      if (!(error instanceof ProtocolError))
        findings.push({ index, problem: String(error), frame: frame.toString('hex') });
    }
    const tookMs = performance.now() - startedAt;
    if (tookMs > DECODE_MS)
      findings.push({ index, problem: `took ${tookMs.toFixed(0)} ms`, frame: frame.toString('hex') });
  }
  return { findings, decoded };
}
