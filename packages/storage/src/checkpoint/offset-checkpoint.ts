// The offset checkpoints of a log directory (recovery points, high watermarks, log start offsets). Text:
//
//   0                     version
//   2                     how many lines follow
//   orders 0 4711         topic partition offset
//   orders 1 4698

/** Offsets by `topic-partition`, which is unambiguous because a partition is digits only. */
export type OffsetsByLog = Map<string, number>;

/** Throws when the text is not a whole checkpoint. An empty text is an empty checkpoint: Kafka makes the file so. */
export function parseOffsetCheckpoint(text: string): OffsetsByLog {
  const offsets: OffsetsByLog = new Map();
  for (const [topic, partition, offset] of parseCheckpointLines(text, 3)) {
    const value = Number(offset);
    if (!/^\d+$/.test(partition!) || !Number.isSafeInteger(value) || value < 0) {
      throw new Error(`not an offset: ${topic} ${partition} ${offset}`);
    }
    offsets.set(`${topic}-${partition}`, value);
  }
  return offsets;
}

export function formatOffsetCheckpoint(
  entries: Iterable<{ readonly topic: string; readonly partition: number; readonly offset: number }>,
): Buffer {
  const lines: string[] = [];
  for (const { topic, partition, offset } of entries) lines.push(`${topic} ${partition} ${offset}`);
  return Buffer.from(`0\n${lines.length}\n${lines.length > 0 ? `${lines.join('\n')}\n` : ''}`);
}

/** The lines of any checkpoint file of version 0, each of `columns` words. */
export function parseCheckpointLines(text: string, columns: number): string[][] {
  if (text === '') return [];
  const lines = text.split('\n');
  if (lines[0] !== '0') throw new Error(`version '${lines[0]}', only 0 is known`);
  if (!/^\d+$/.test(lines[1] ?? '')) throw new Error(`'${lines[1]}' is no count of lines`);
  const count = Number(lines[1]);
  const rest = lines.slice(2).filter((line) => line !== '');
  if (rest.length !== count) throw new Error(`${rest.length} lines where ${count} are announced`);
  return rest.map((line) => {
    const words = line.split(/\s+/);
    if (words.length !== columns) throw new Error(`'${line}' does not have ${columns} words`);
    return words;
  });
}
