// The help text of a tool, from its option table: two aligned columns as Kafka's tools print them, or argparse's block.
import type { OptionDefinition, OptionTable } from './option.ts';

const OVERALL_WIDTH = 80;
const SEPARATOR_WIDTH = 2;
const CONTINUATION_INDENT = 2;

/** The two-column table of joptsimple: options sorted by name, at most 80 characters wide, ends with a line break. */
export function usageTable(table: OptionTable): string {
  const rows: [left: string, right: string][] = [['Option', 'Description']];
  for (const [name, option] of visibleOptions(table)) rows.push([leftColumn(name, option), rightColumn(option)]);
  const widest = (column: 0 | 1) =>
    Math.max(...rows.map((row) => Math.max(...row[column].split('\n').map((line) => line.length))));
  const leftWidth = Math.min(Math.floor((OVERALL_WIDTH - SEPARATOR_WIDTH) / 2), widest(0));
  const rightWidth = Math.min(OVERALL_WIDTH - leftWidth - SEPARATOR_WIDTH, widest(1));
  rows.splice(1, 0, ['------', '-----------']);
  let text = '';
  for (const [left, right] of rows) {
    const leftLines = wrap(left, leftWidth);
    const rightLines = wrap(right, rightWidth);
    for (let i = 0; i < Math.max(leftLines.length, rightLines.length); i++) {
      const first = (leftLines[i] ?? '').padEnd(leftWidth);
      text += `${`${first}${' '.repeat(SEPARATOR_WIDTH)}${rightLines[i] ?? ''}`.trimEnd()}\n`;
    }
  }
  return text;
}

/** The `usage:` line of argparse4j, wrapped and indented under the program's name. */
export function usageLine(program: string, table: OptionTable): string {
  const parts = ['[-h]'];
  for (const [name, option] of visibleOptions(table, 'as declared')) {
    if (name === 'help' || name === 'version') continue;
    const shown = option.shown ?? name.toUpperCase();
    const argument = !option.argument ? '' : option.argument === 'several' ? ` ${shown} [${shown} ...]` : ` ${shown}`;
    parts.push(option.required ? `--${name}${argument}` : `[--${name}${argument}]`);
  }
  const indent = ' '.repeat('usage: '.length + program.length + 1);
  const lines: string[] = [];
  let line = `usage: ${program}`;
  for (const part of parts) {
    if (line.length + 1 + part.length > OVERALL_WIDTH - CONTINUATION_INDENT && line.trim() !== '') {
      lines.push(line);
      line = indent + part;
    } else {
      line += ` ${part}`;
    }
  }
  lines.push(line);
  return `${lines.join('\n')}\n`;
}

/** The whole help of an argparse tool. */
export function argumentHelp(program: string, purpose: string, table: OptionTable): string {
  let text = `${usageLine(program, table)}\n${wrap(purpose, OVERALL_WIDTH).join('\n')}\n\noptional arguments:\n`;
  for (const [name, option] of visibleOptions(table, 'as declared')) {
    if (name === 'version') continue;
    const shown = option.shown ?? name.toUpperCase();
    const left = name === 'help' ? '-h, --help' : option.argument ? `--${name} ${shown}` : `--${name}`;
    const described =
      option.default === undefined ? option.description : `${option.description} (default: ${option.default})`;
    const [first = '', ...more] = wrap(described, OVERALL_WIDTH - 25, 0);
    if (left.length > 21) text += `  ${left}\n${' '.repeat(25)}${first}\n`;
    else text += `  ${left.padEnd(23)}${first}\n`;
    for (const line of more) text += `${' '.repeat(25)}${line}\n`;
  }
  return text;
}

function visibleOptions(table: OptionTable, order?: 'as declared'): [string, OptionDefinition][] {
  const entries = Object.entries(table).filter(([, option]) => !option.hidden);
  return order ? entries : entries.sort(([a], [b]) => (a < b ? -1 : 1));
}

const TYPE_NAMES = { string: 'String', integer: 'Integer', long: 'Long', double: 'Double' } as const;

function leftColumn(name: string, option: OptionDefinition): string {
  if (!option.argument) return `--${name}`;
  const type = TYPE_NAMES[option.kind ?? 'string'];
  const shown = option.shown === undefined ? type : `${type}: ${option.shown}`;
  return option.argument === 'optional' ? `--${name} [${shown}]` : `--${name} <${shown}>`;
}

function rightColumn(option: OptionDefinition): string {
  return option.default === undefined ? option.description : `${option.description} (default: ${option.default})`;
}

/** Breaks at blanks; the second and later lines of a paragraph are indented. A word longer than a line is cut. */
export function wrap(text: string, width: number, indent = CONTINUATION_INDENT): string[] {
  const pad = ' '.repeat(indent);
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let line: string | undefined;
    for (const word of paragraph.split(' ')) {
      if (line === undefined) line = word;
      else if (line.length + 1 + word.length <= width) line += ` ${word}`;
      else {
        lines.push(line);
        line = pad + word;
      }
      while (line.length > width) {
        lines.push(line.slice(0, width));
        line = pad + line.slice(width);
      }
    }
    lines.push(line ?? '');
  }
  return lines;
}
