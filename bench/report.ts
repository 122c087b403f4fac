/** What a bench reports: figures beside their budget and, where there is one, a limit or peer measured in the same run. */

export interface BenchRow {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** null: shown for information. */
  readonly budget: number | null;
  /** true: the value should be at most the budget; false: at least. */
  readonly atMost: boolean;
  readonly peer?: { readonly name: string; readonly value: number };
}

export interface BenchReport {
  readonly name: string;
  readonly rows: readonly BenchRow[];
  /** How it was measured. */
  readonly notes: readonly string[];
}

/** Prints a report as a table, a row a line. */
export function printReport(report: BenchReport, print: (line: string) => void): void {
  print(`\n${report.name}`);
  const width = Math.max(...report.rows.map((row) => row.what.length));
  for (const row of report.rows) {
    const budget =
      row.budget === null ? "" : `${row.atMost ? "≤" : "≥"} ${figure(row.budget)} ${row.unit}`;
    const met = row.budget === null ? "   " : isMet(row) ? "ok " : "NOT";
    const peer =
      row.peer === undefined ? "" : `(${row.peer.name}: ${figure(row.peer.value)} ${row.unit})`;
    print(
      `  ${met} ${row.what.padEnd(width)}  ${`${figure(row.value)} ${row.unit}`.padStart(16)}  ${budget.padEnd(16)} ${peer}`.trimEnd(),
    );
  }
  for (const note of report.notes) print(`      ${note}`);
}

/** Whether a row keeps its budget; true where there is none. */
export function isMet(row: BenchRow): boolean {
  if (row.budget === null) return true;
  return row.atMost ? row.value <= row.budget : row.value >= row.budget;
}

function figure(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  return size >= 1000
    ? Math.round(value).toLocaleString("en")
    : Number(value.toPrecision(3)).toString();
}
