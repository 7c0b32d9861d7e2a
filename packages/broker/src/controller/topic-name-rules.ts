// Which names a topic may have (Kafka: org.apache.kafka.common.internals.Topic). Names become directories and metric
// labels, so what is refused here never reaches a path. Pure.

const LENGTH_MAX = 249;

/** Why `name` cannot be a topic's, in Kafka's words; undefined when it can. */
export function topicNameRefusal(name: string): string | undefined {
  const why = reason(name);
  return why === undefined ? undefined : `Topic name is invalid: ${why}`;
}

function reason(name: string): string | undefined {
  if (name === '') return 'the empty string is not allowed';
  if (name === '.') return "'.' is not allowed";
  if (name === '..') return "'..' is not allowed";
  if (name.length > LENGTH_MAX) return `the length of '${name}' is longer than the max allowed length ${LENGTH_MAX}`;
  if (!/^[a-zA-Z0-9._-]+$/.test(name)) {
    return `'${name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'`;
  }
  return undefined;
}
