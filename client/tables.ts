import Table from 'cli-table3';

/** Rows as plain columns that fit a terminal; the last column is cut when a line would be wider. */
export function formatTable(head: readonly string[], rows: readonly (readonly string[])[], width = 80): string {
  const natural = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const used = natural.slice(0, -1).reduce((sum, columnWidth) => sum + columnWidth + 2, 0);
  const last = Math.max(8, Math.min(natural.at(-1) ?? 0, width - used));
  const table = new Table({
    head: [...head],
    colWidths: [...natural.slice(0, -1).map((columnWidth) => columnWidth + 2), last],
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
    chars: Object.fromEntries(borderNames.map((name) => [name, ''])),
  });
  table.push(...rows.map((row) => [...row]));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

const borderNames = [
  'top',
  'top-mid',
  'top-left',
  'top-right',
  'bottom',
  'bottom-mid',
  'bottom-left',
  'bottom-right',
  'left',
  'left-mid',
  'mid',
  'mid-mid',
  'right',
  'right-mid',
  'middle',
] as const;
