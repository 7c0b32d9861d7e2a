// The CSV of --export and --from-file: `topic,partition,offset`, or with the group in front when several groups are meant.
import type { NewOffset } from './tables.ts';

/** Rows for each group. The group column is written unless exactly one group was asked for. */
export function resetPlanCsv(groups: ReadonlyMap<string, readonly NewOffset[]>, oneGroup: boolean): string {
  let text = '';
  for (const [group, offsets] of groups) {
    for (const { topic, partition, offset } of offsets) {
      const cells = [topic, partition, offset];
      text += `${(oneGroup ? cells : [group, ...cells]).map((cell) => quoted(String(cell))).join(',')}\n`;
    }
  }
  return text;
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/** Reads such a file. `onlyGroup`: the group that rows without one belong to. Throws with line number on what it cannot read. */
export function parseResetPlan(csv: string, onlyGroup: string | undefined): Map<string, NewOffset[]> {
  const plan = new Map<string, NewOffset[]>();
  csv.split(/\r?\n/).forEach((line, index) => {
    if (line.trim() === '') return;
    const cells = parseRow(line);
    const group = cells.length === 4 ? cells.shift() : onlyGroup;
    const [topic, partition, offset] = cells;
    const numbers = [partition, offset].map((cell) =>
      cell !== undefined && /^\s*\d+\s*$/.test(cell) ? Number(cell) : NaN,
    );
    if (group === undefined || topic === undefined || cells.length !== 3 || numbers.some(Number.isNaN)) {
      const shape = onlyGroup === undefined ? 'group,topic,partition,offset' : 'topic,partition,offset';
      throw new Error(`line ${index + 1} is not ${shape}: ${line}`);
    }
    const offsets = plan.get(group) ?? [];
    offsets.push({ topic, partition: numbers[0]!, offset: numbers[1]! });
    plan.set(group, offsets);
  });
  return plan;
}

function parseRow(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, inQuotes, plain]) => inQuotes?.replaceAll('""', '"') ?? plain ?? '',
  );
}
