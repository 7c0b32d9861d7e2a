// A run for people: a line each for what was done, what it cost and what was found; and as Markdown for files.
import type { CampaignReport, StrikeReport } from './campaign.ts';

export const failures = ({ verdict, complaints }: CampaignReport): number =>
  verdict.violations.length + complaints.length;

/** No strike should keep writers waiting for so long; what brokers printed then is kept. */
export const GAP_MS_TOLD = 10_000;

export function largestGap(strikes: readonly StrikeReport[]): StrikeReport {
  return strikes.reduce((largest, one) => (one.writeGapMs > largest.writeGapMs ? one : largest), NO_STRIKE);
}

const NO_STRIKE: StrikeReport = {
  ...{ nemesis: 'none', victim: 0, atMs: 0, durationMs: 0 },
  ...{ writeGapMs: 0, gapPartition: -1, gapAtMs: 0, gapAt: '' },
};

/** A few lines for a terminal. */
export function reportLines(report: CampaignReport): string[] {
  const { verdict } = report;
  return [
    `${report.cluster}, seed ${report.seed}: ${report.strikes.length} strikes in ${report.seconds} s, ` +
      `${verdict.sent} records sent, ${verdict.acked} acknowledged, ${verdict.failed} failed, ${verdict.polled} read on the way, ` +
      `${verdict.commits} commits; ${report.records} in the log; healed in ${report.healedMs} ms: ${failures(report)} findings`,
    ...verdict.violations.map(({ kind, detail }) => `${kind}: ${detail}`),
    ...report.complaints,
  ];
}

/** Where somebody looks who wants to know why. */
function gapLine({ nemesis, victim, writeGapMs, gapPartition, gapAtMs, gapAt }: StrikeReport): string {
  const when = `${(gapAtMs / 1000).toFixed(1)} s (${gapAt})`;
  return `longest gap: ${writeGapMs} ms at partition ${gapPartition} from ${when} on, ${nemesis} (broker ${victim})`;
}

/** What clients gave up, by writer and error: no loss, but somebody's exception. */
export function givenUp({ history }: CampaignReport): [what: string, count: number][] {
  const counts = new Map<string, number>();
  for (const event of history.events) {
    if (event.kind !== 'failed') continue;
    const what = `${event.value.slice(0, event.value.indexOf('.'))}: ${event.error}`;
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  return [...counts];
}

/** The whole as a page. */
export function reportPage(reports: readonly CampaignReport[]): string {
  const lines = ['# Faults on real processes', ''];
  for (const report of reports) {
    const { verdict } = report;
    lines.push(
      `## ${report.cluster}, seed ${report.seed}`,
      '',
      '| | |',
      '|---|--:|',
      `| strikes | ${report.strikes.length} |`,
      `| seconds | ${report.seconds} |`,
      `| file system | ${report.fileSystem} |`,
      `| records sent / acknowledged / failed | ${verdict.sent} / ${verdict.acked} / ${verdict.failed} |`,
      `| records in the log at the end | ${report.records} |`,
      `| records read on the way | ${verdict.polled} |`,
      `| commits acknowledged | ${verdict.commits} |`,
      `| all replicas in sync after the last strike | ${report.healedMs} ms |`,
      `| **violations** | **${verdict.violations.length}** |`,
      `| other complaints | ${report.complaints.length} |`,
      ...(report.leftOut.length > 0 ? [`| not possible here | ${report.leftOut.join(', ')} |`] : []),
      '',
      '| nemesis | strikes | longest without an acknowledgement, median | at most |',
      '|---|--:|--:|--:|',
      ...byNemesis(report.strikes).map(
        ([name, gaps]) => `| ${name} | ${gaps.length} | ${gaps[gaps.length >> 1]} ms | ${gaps.at(-1)} ms |`,
      ),
      '',
    );
    lines.push(`- ${gapLine(largestGap(report.strikes))}`);
    for (const [what, count] of givenUp(report)) lines.push(`- given up ${count} times: ${what}`);
    for (const { kind, detail } of verdict.violations) lines.push(`- ${kind}: ${detail}`);
    for (const complaint of report.complaints) lines.push(`- ${complaint.split('\n')[0]}`);
    lines.push('');
  }
  return `${lines.join('\n').trimEnd()}\n`;
}

function byNemesis(strikes: readonly StrikeReport[]): [name: string, gapsMs: number[]][] {
  const table = new Map<string, number[]>();
  for (const { nemesis, writeGapMs } of strikes) table.set(nemesis, [...(table.get(nemesis) ?? []), writeGapMs]);
  return [...table].map(([name, gaps]): [string, number[]] => [name, gaps.sort((a, b) => a - b)]);
}
