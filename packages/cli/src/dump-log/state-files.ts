// The small binary files beside a segment: what producers a partition remembers, which transactions were aborted.
import { readFileSync } from 'node:fs';
import { decode, prefixOf } from '@moldau/protocol';
import { crc32c } from '@moldau/protocol/crc32c';
import { AbortedTxn } from '@moldau/protocol/log-files/aborted-txn';
import { ProducerSnapshot } from '@moldau/protocol/log-files/producer-snapshot';

const SNAPSHOT_VERSION = 1;
/** int16 version and uint32 CRC stand before what the CRC covers. */
const SNAPSHOT_CHECKED_FROM = 6;
const ABORTED_ENTRY_BYTES = 34;

/** A line for each producer in a .snapshot file. Throws when the file is damaged. */
export function producerSnapshotText(path: string): string {
  const bytes = readFileSync(path);
  const version = prefixOf(bytes);
  if (version !== SNAPSHOT_VERSION) throw new Error(`Snapshot contained an unknown file version ${version}`);
  const stored = bytes.length >= SNAPSHOT_CHECKED_FROM ? bytes.readUInt32BE(2) : -1;
  const computed = crc32c(bytes, SNAPSHOT_CHECKED_FROM);
  if (stored !== computed)
    throw new Error(`Snapshot is corrupt (CRC is no longer valid). Stored crc: ${stored}. Computed crc: ${computed}`);
  const { producerEntries } = decode(ProducerSnapshot, version, bytes, 2);
  let text = '';
  for (const entry of producerEntries) {
    text +=
      `producerId: ${entry.producerId} producerEpoch: ${entry.epoch} coordinatorEpoch: ${entry.coordinatorEpoch}` +
      ` currentTxnFirstOffset: ${entry.currentTxnFirstOffset < 0 ? 'OptionalLong.empty' : `OptionalLong[${entry.currentTxnFirstOffset}]`}` +
      ` lastTimestamp: ${entry.timestamp}`;
    // A producer that only ended a transaction has no batch to its name.
    if (entry.lastOffset >= 0) {
      text +=
        ` firstSequence: ${firstSequence(entry.lastSequence, entry.offsetDelta)} lastSequence: ${entry.lastSequence}` +
        ` lastOffset: ${entry.lastOffset} offsetDelta: ${entry.offsetDelta} timestamp: ${entry.timestamp}`;
    }
    text += '\n';
  }
  return text;
}

/** Sequences wrap from 2^31-1 to 0. */
function firstSequence(last: number, delta: number): number {
  return last >= delta ? last - delta : 2 ** 31 - (delta - last);
}

/** A line for each entry of a .txnindex file. Throws when the file is damaged. */
export function abortedTransactionsText(path: string): string {
  const bytes = readFileSync(path);
  let text = '';
  for (let at = 0; at + ABORTED_ENTRY_BYTES <= bytes.length; at += ABORTED_ENTRY_BYTES) {
    const version = bytes.readInt16BE(at);
    const entry = decode(AbortedTxn, version, bytes, at + 2, at + ABORTED_ENTRY_BYTES);
    text += `version: ${version} producerId: ${entry.producerId} firstOffset: ${entry.firstOffset} lastOffset: ${entry.lastOffset} lastStableOffset: ${entry.lastStableOffset}\n`;
  }
  return text;
}
