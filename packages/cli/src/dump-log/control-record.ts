// Control records: the ends of transactions, and what a KRaft log holds beside them.
import { decode, decodeVersioned, type Message, prefixOf } from '@moldau/protocol';
import { EndTxnMarker } from '@moldau/protocol/control-records/end-txn-marker';
import { KRaftVersionRecord } from '@moldau/protocol/control-records/kraft-version';
import { LeaderChangeMessage } from '@moldau/protocol/control-records/leader-change';
import { SnapshotFooterRecord, SnapshotHeaderRecord } from '@moldau/protocol/control-records/snapshot-bounds';
import { VotersRecord } from '@moldau/protocol/control-records/voters';
import type { RecordView } from '@moldau/protocol/records/batch-reader';
import { messageJson } from '../coordinator-records/message-json.ts';

/** These begin with the version inside their fields, so that it is read as a part of the body. */
const KRAFT: Readonly<Record<number, readonly [word: string, message: Message]>> = {
  2: ['LeaderChange:', LeaderChangeMessage],
  3: ['SnapshotHeader', SnapshotHeaderRecord],
  4: ['SnapshotFooter', SnapshotFooterRecord],
  5: ['KRaftVersion', KRaftVersionRecord],
  6: ['KRaftVoters', VotersRecord],
};

/** What follows the metadata of a control record, starting with a blank. Throws ProtocolError on bytes that are none. */
export function controlText({ key, value }: RecordView): string {
  const type = key !== null && key.length >= 4 ? key.readInt16BE(2) : -1;
  if (value !== null && (type === 0 || type === 1)) {
    const marker = decodeVersioned(EndTxnMarker, value);
    return ` endTxnMarker: ${type === 0 ? 'ABORT' : 'COMMIT'} coordinatorEpoch: ${marker.coordinatorEpoch}`;
  }
  const [word, message] = KRAFT[type] ?? [];
  if (word === undefined || message === undefined || value === null) return ` controlType: UNKNOWN(${type})`;
  const version = prefixOf(value);
  return ` ${word} ${JSON.stringify(messageJson(message, version, decode(message, version, value, 0)))}`;
}
