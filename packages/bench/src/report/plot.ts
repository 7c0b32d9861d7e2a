// Bar charts as SVG, written by hand: for each row one bar per side, each row scaled to its own longest bar, so that rows
// of different sizes stand in one picture and the eye compares sides, not rows.

export interface Bar {
  readonly label: string;
  readonly value: number;
  /** Text behind the bar. */
  readonly shown: string;
}

export interface Bars {
  readonly title: string;
  readonly bars: readonly Bar[];
}

const colours = ['#8a8f98', '#1f6feb', '#0b3d91', '#c0c4cc', '#57606a'];
const BAR = 14;
const GAP = 3;
const GROUP_GAP = 16;
const LABELS = 250;
const WIDTH = 900;

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** A whole SVG document. `series` names the bars of each group, in their order. */
export function barChart(title: string, subtitle: string, series: readonly string[], groups: readonly Bars[]): string {
  const parts: string[] = [];
  const text = (x: number, y: number, content: string, o = ''): void => {
    parts.push(`<text x="${x}" y="${y}" ${o}>${escaped(content)}</text>`);
  };
  text(20, 30, title, 'font-size="18" font-weight="600"');
  text(20, 50, subtitle, 'fill="#57606a"');
  let x = 20;
  series.forEach((name, i) => {
    parts.push(`<rect x="${x}" y="62" width="12" height="12" fill="${colours[i % colours.length]}"/>`);
    text(x + 17, 72, name);
    x += 40 + name.length * 7;
  });
  let y = 96;
  const widest = WIDTH - LABELS - 150;
  for (const group of groups) {
    const longest = Math.max(...group.bars.map(({ value }) => value), Number.MIN_VALUE);
    const height = group.bars.length * (BAR + GAP);
    text(LABELS - 10, y + height / 2 + 3, group.title, 'text-anchor="end"');
    for (const bar of group.bars) {
      const width = Math.max(1, (bar.value / longest) * widest);
      const colour = colours[series.indexOf(bar.label) % colours.length];
      parts.push(`<rect x="${LABELS}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" rx="2" fill="${colour}"/>`);
      text(LABELS + width + 6, y + BAR - 3, bar.shown, 'fill="#57606a"');
      y += BAR + GAP;
    }
    y += GROUP_GAP;
  }
  const font = 'font-family="system-ui, sans-serif" font-size="12" fill="#1f2328"';
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" ${font}>`,
    `<rect width="${WIDTH}" height="${y}" fill="#ffffff"/>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}
