// The bytes of the consumer group protocol for those who look into them, and the names of the assigners. Both directions
// are compatible with KafkaJS and Java: version 0 of the structures is written, any version is read.
import { decodeVersioned, encodeVersioned } from '@moldau/protocol';
import { ConsumerProtocolAssignment, ConsumerProtocolSubscription } from '@moldau/protocol/messages/consumer-protocol';
import type { Assignment, MemberAssignment, MemberMetadata } from './model.ts';

const NOTHING = Buffer.alloc(0);

export const AssignerProtocol = {
  MemberMetadata: {
    encode({ version, topics, userData = NOTHING }: MemberMetadata): Buffer {
      return encodeVersioned(ConsumerProtocolSubscription, version, { topics: [...topics], userData });
    },
    decode(buffer: Buffer): MemberMetadata | null {
      if (buffer.length === 0) return null;
      const { topics, userData } = decodeVersioned(ConsumerProtocolSubscription, buffer, 'as-newest');
      return { version: buffer.readInt16BE(0), topics, userData: userData ?? NOTHING };
    },
  },
  MemberAssignment: {
    encode({ version, assignment, userData = NOTHING }: MemberAssignment): Buffer {
      return encodeVersioned(ConsumerProtocolAssignment, version, {
        assignedPartitions: Object.entries(assignment).map(([topic, partitions]) => ({ topic, partitions })),
        userData,
      });
    },
    decode(buffer: Buffer): MemberAssignment | null {
      if (buffer.length === 0) return null;
      const { assignedPartitions, userData } = decodeVersioned(ConsumerProtocolAssignment, buffer, 'as-newest');
      const assignment: Assignment = {};
      for (const { topic, partitions } of assignedPartitions) assignment[topic] = [...partitions];
      return { version: buffer.readInt16BE(0), assignment, userData: userData ?? NOTHING };
    },
  },
};
