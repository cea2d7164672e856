const ratio = (value, base) => (base ? `${(value / base).toFixed(2)}×` : "-");
const figure = (value) => (value === null ? "-" : value.toFixed(2));

/**
 * Prints rows with their median and how many times as long as the first row, or as `base`, they take. A table with a p99 shows it.
 * @param {{title: string, unit: string, rows: {name: string, runs: number, min: number, median: number, p95: number, p99?: number, base?: number | null, note?: string}[]}} result
 */
export function printTable({ title, unit, rows }) {
  const base = rows[0]?.median ?? null;
  const tail = rows.some((row) => row.p99 !== undefined);
  const cells = rows.map((row) => [
    row.name,
    String(row.runs),
    figure(row.min),
    figure(row.median),
    figure(row.p95),
    ...(tail ? [figure(row.p99 ?? null)] : []),
    ratio(row.median, row.base === undefined ? base : row.base),
    row.note ?? "",
  ]);
  const all = [
    ["", "runs", `min ${unit}`, `median ${unit}`, `p95 ${unit}`, ...(tail ? [`p99 ${unit}`] : []), "ratio", ""],
    ...cells,
  ];
  const widths = all[0].map((_, column) => Math.max(...all.map((row) => row[column].length)));
  process.stdout.write(`${title}\n`);
  for (const row of all) {
    process.stdout.write(
      `${row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))
        .join("  ")
        .trimEnd()}\n`,
    );
  }
}
