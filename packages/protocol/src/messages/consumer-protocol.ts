// What consumers put into the metadata and assignment bytes of JoinGroup and SyncGroup. The broker never looks inside, tools do.
// An int16 version goes before the body. A newer version is read as the newest one known, since fields are only ever added at the end.
//   v1  partitions owned already, for cooperative rebalancing (KIP-429)
//   v2  the generation they were owned in (KIP-792)
//   v3  rack (KIP-881)
import { array, bytes, int32, string } from '../description/field.ts';
import { data, type MessageOf } from '../description/message.ts';

export const ConsumerProtocolSubscription = data({
  name: 'ConsumerProtocolSubscription',
  versions: '0-3',
  flexible: 'none',
  fields: {
    topics: array(string()),
    userData: bytes({ nullable: '0+', default: null }),
    ownedPartitions: array({ topic: string(), partitions: array(int32()) }, { versions: '1+', ignorable: true }),
    generationId: int32({ versions: '2+', default: -1, ignorable: true }),
    rackId: string({ versions: '3+', nullable: '0+', default: null, ignorable: true }),
  },
});
export type ConsumerProtocolSubscription = MessageOf<typeof ConsumerProtocolSubscription>;

export const ConsumerProtocolAssignment = data({
  name: 'ConsumerProtocolAssignment',
  versions: '0-3',
  flexible: 'none',
  fields: {
    assignedPartitions: array({ topic: string(), partitions: array(int32()) }),
    userData: bytes({ nullable: '0+', default: null }),
  },
});
export type ConsumerProtocolAssignment = MessageOf<typeof ConsumerProtocolAssignment>;
