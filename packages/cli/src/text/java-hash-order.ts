// The order in which a Java HashMap gives its keys, which is the order in which Kafka's tools print what they hold in one:
// the settings of a topic on its line.

/** Java's String.hashCode, as a signed 32-bit number. */
export function javaHashCode(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(31, hash) + text.charCodeAt(i)) | 0;
  return hash;
}

/** The items as a HashMap by `key` would give them, put in one after another. */
export function javaHashOrder<T>(items: readonly T[], key: (item: T) => string): T[] {
  let buckets = 16;
  while (items.length > buckets * 0.75) buckets *= 2;
  const bucketOf = (item: T) => {
    const hash = javaHashCode(key(item));
    return (hash ^ (hash >>> 16)) & (buckets - 1);
  };
  // Stable: keys of one bucket keep the order they came in.
  return items
    .map((item) => ({ item, bucket: bucketOf(item) }))
    .sort((a, b) => a.bucket - b.bucket)
    .map(({ item }) => item);
}
