// Describes groups as KafkaJS does: members with their subscription and assignment as the bytes on the wire.
import type { Admin } from '../admin/admin.ts';
import { KafkaError, throwOnCode } from '../errors.ts';
import type { GroupDescription } from './model.ts';

/** The newest version whose answer to a group that is not there is state Dead, not an error. */
const DESCRIBE_VERSION = 5;

export async function describeGroup(admin: Admin, groupId: string): Promise<GroupDescription> {
  // Finds the coordinator, whatever else it says.
  const described = (await admin.describeConsumerGroups([groupId])).get(groupId);
  if (described instanceof KafkaError && described.error !== 'GROUP_ID_NOT_FOUND') throw described;
  const node = described && !(described instanceof KafkaError) ? described.coordinator.id : undefined;
  if (node === undefined) {
    return { groupId, members: [], protocol: '', protocolType: '', state: 'Dead', errorCode: 0 };
  }
  const answer = await admin.send('DescribeGroups', { groups: [groupId] }, { node, version: DESCRIBE_VERSION });
  const group = answer.groups[0]!;
  throwOnCode(group.errorCode);
  return {
    errorCode: group.errorCode,
    groupId: group.groupId,
    protocol: group.protocolData,
    protocolType: group.protocolType,
    state: group.groupState,
    members: group.members.map(({ memberId, clientId, clientHost, memberMetadata, memberAssignment }) => ({
      memberId,
      clientId,
      clientHost,
      memberMetadata,
      memberAssignment,
    })),
  };
}
