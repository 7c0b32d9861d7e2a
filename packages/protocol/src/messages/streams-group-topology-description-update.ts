// StreamsGroupTopologyDescriptionUpdate (api 93): a Streams client hands in a description of its topology (KIP-1331).
import { array, int8, int16, int32, string, struct } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

const TopologyDescriptionNode = {
  name: string(),
  nodeType: int8(),
  sourceTopics: array(string()),
  sinkTopic: string({ nullable: '0+', default: null }),
  stores: array(string()),
  successors: array(string()),
};

const TopologyDescriptionSubtopology = { subtopologyId: string(), nodes: array(TopologyDescriptionNode) };

const TopologyDescriptionGlobalStore = {
  source: struct(TopologyDescriptionNode),
  processor: struct(TopologyDescriptionNode),
};

const TopologyDescription = {
  subtopologies: array(TopologyDescriptionSubtopology),
  globalStores: array(TopologyDescriptionGlobalStore),
};

export const StreamsGroupTopologyDescriptionUpdateRequest = request({
  api: 93,
  name: 'StreamsGroupTopologyDescriptionUpdate',
  versions: '0',
  flexible: '0+',
  fields: {
    groupId: string(),
    memberId: string(),
    topologyEpoch: int32(),
    topologyDescription: struct(TopologyDescription),
  },
});
export type StreamsGroupTopologyDescriptionUpdateRequest = MessageOf<
  typeof StreamsGroupTopologyDescriptionUpdateRequest
>;

export const StreamsGroupTopologyDescriptionUpdateResponse = response({
  api: 93,
  name: 'StreamsGroupTopologyDescriptionUpdate',
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+', default: null }),
  },
});
export type StreamsGroupTopologyDescriptionUpdateResponse = MessageOf<
  typeof StreamsGroupTopologyDescriptionUpdateResponse
>;
