// Which topics a tool means: a name, a list or a regular expression, the way all of Kafka's tools read it.

const INTERNAL_TOPICS = new Set(['__consumer_offsets', '__transaction_state', '__share_group_state']);

export function isInternalTopic(name: string): boolean {
  return INTERNAL_TOPICS.has(name);
}

/**
 * A filter from `--topic`: a regular expression that must match the whole name, with commas between alternatives and quotes
 * around it ignored. Throws when it is not a regular expression.
 */
export function topicFilter(text: string): (topic: string) => boolean {
  const source = text
    .trim()
    .replaceAll(',', '|')
    .replaceAll(' ', '')
    .replace(/^["']+/, '')
    .replace(/["']+$/, '');
  const pattern = wholeMatch(source, `${source} is an invalid regex.`);
  return (topic) => pattern.test(topic);
}

/** A regular expression that must match all of a text. `complaint` is the message when `source` is not one. */
export function wholeMatch(source: string, complaint: string): RegExp {
  try {
    return new RegExp(`^(?:${source})$`, 'u');
  } catch {
    try {
      return new RegExp(`^(?:${source})$`);
    } catch {
      throw new Error(complaint);
    }
  }
}
