// Decides the deletion of topics, by id: the handler has found the ids of names. Pure.
import type { ClusterImage, MetadataRecord } from '@moldau/metadata';
import { type Decision, DONE, type Outcome, refused } from './decision.ts';

/** Ids are all different. */
export function decideDeleteTopics(image: ClusterImage, topicIds: readonly string[]): Decision<Outcome[]> {
  const records: MetadataRecord[] = [];
  const result = topicIds.map((topicId) => {
    if (!image.topicById(topicId)) return refused('UNKNOWN_TOPIC_ID');
    records.push({ kind: 'topicDeleted', topicId });
    return DONE;
  });
  return { records, result };
}
