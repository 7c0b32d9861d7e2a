// `partition.metadata`: the topic id of a log, so that a topic deleted and made again under its name is not mistaken
// for the old one (C10).

/** Throws when the text is something else. */
export function parsePartitionMetadata(text: string): string {
  const version = /^version:\s*(\d+)\s*$/m.exec(text)?.[1];
  // Letters of a UUID only: after a power cut the end of the file may be there as zeros, which is no other topic's id.
  const topicId = /^topic_id:\s*([\w-]{22})\s*$/m.exec(text)?.[1];
  if (version !== '0' || topicId === undefined) throw new Error('no "version: 0" and "topic_id: <uuid>" in it');
  return topicId;
}

export function formatPartitionMetadata(topicId: string): string {
  return `version: 0\ntopic_id: ${topicId}`;
}
