// Aligned tables for a terminal: numbers to the right, colours only where a terminal shows them.

export interface Cell {
  readonly text: string;
  readonly colour?: 'green' | 'red' | 'yellow' | 'dim' | 'bold';
  readonly align?: 'left' | 'right';
}

const codes = { green: 32, red: 31, yellow: 33, dim: 2, bold: 1 } as const;

export function paint(text: string, colour: Cell['colour'], coloured: boolean): string {
  return coloured && colour ? `\u001b[${codes[colour]}m${text}\u001b[0m` : text;
}

/** Lines of a table; columns are as wide as their widest cell. */
export function tableLines(rows: readonly (readonly Cell[])[], coloured: boolean): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.text.length);
    });
  }
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const padding = ' '.repeat((widths[column] ?? 0) - cell.text.length);
        const text = paint(cell.text, cell.colour, coloured);
        return cell.align === 'right' ? padding + text : text + padding;
      })
      .join('  ')
      .trimEnd(),
  );
}
