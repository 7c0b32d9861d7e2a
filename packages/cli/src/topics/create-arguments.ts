// The arguments of --create and --alter that need reading: configs and replica assignments.

/** `name=value` words to a map. Throws on a word of another shape. */
export function parseTopicConfigs(words: readonly string[]): Map<string, string> {
  const configs = new Map<string, string>();
  for (const word of words) {
    const parts = splitLikeJava(word, /\s*=\s*/);
    if (parts.length !== 2) {
      throw new Error(
        'requirement failed: Invalid topic config: all configs to be added must be in the format "key=val".',
      );
    }
    configs.set(parts[0]!.trim(), parts[1]!.trim());
  }
  return configs;
}

/** Java's split drops empty strings at the end. */
function splitLikeJava(text: string, separator: RegExp): string[] {
  const parts = text.split(separator);
  while (parts.length > 1 && parts.at(-1) === '') parts.pop();
  return parts;
}

/** `1:2,2:3` to [[1, 2], [2, 3]]: replicas of partition 0, 1, … Throws on duplicates and on unequal lengths. */
export function parseReplicaAssignment(text: string): number[][] {
  return text.split(',').map((entry, partition, entries) => {
    const replicas = entry.split(':').map((word) => {
      if (!/^[+-]?\d+$/.test(word.trim())) throw new Error(`For input string: "${word.trim()}"`);
      return Number(word);
    });
    const twice = replicas.filter((id, i) => replicas.indexOf(id) !== i);
    if (twice.length > 0) {
      throw new Error(`Partition replica lists may not contain duplicate entries: ${[...new Set(twice)].join(',')}`);
    }
    if (replicas.length !== entries[0]!.split(':').length) {
      throw new Error(`Partition ${partition} has different replication factor: [${replicas.join(', ')}]`);
    }
    return replicas;
  });
}

/** A name with `.` or `_`: metric names turn both into `_`, so that two such topics can collide there. */
export function mayCollide(topic: string): boolean {
  return /[._]/.test(topic);
}
