// A .snapshot file: the producers a partition remembers. An int16 version goes before it; the CRC-32C covers what follows the CRC.
import { array, int16, int32, int64, uint32 } from '../description/field.ts';
import { data, type MessageOf } from '../description/message.ts';

export const ProducerSnapshot = data({
  name: 'ProducerSnapshot',
  versions: '1',
  flexible: 'none',
  fields: {
    crc: uint32(),
    producerEntries: array({
      producerId: int64(),
      epoch: int16(),
      lastSequence: int32(),
      lastOffset: int64(),
      offsetDelta: int32(),
      timestamp: int64(),
      coordinatorEpoch: int32(),
      currentTxnFirstOffset: int64(),
    }),
  },
});
export type ProducerSnapshot = MessageOf<typeof ProducerSnapshot>;
