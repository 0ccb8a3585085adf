import type { Row } from "./bench.ts";

/** The middle one of some numbers, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted.length >> 1;
  const lower = (sorted.length - 1) >> 1;
  return ((sorted[lower] as number) + (sorted[upper] as number)) / 2;
}

/**
 * What several runs of a bench measured, case by case: all rows of a case, and after them one with the
 * median of each column that is a number. A case is named by a row's first column.
 */
export function withMedians(runs: readonly Row[][]): Row[] {
  const cases = Map.groupBy(runs.flat(), (row) => Object.values(row)[0]);
  return [...cases].flatMap(([name, rows]) => [
    ...rows,
    { ...mediansOf(rows), [Object.keys(rows[0] as Row)[0] as string]: `${name}: median` },
  ]);
}

function mediansOf(rows: readonly Row[]): Row {
  const columns = Object.keys(rows[0] as Row).map((column) => {
    const values = rows.map((row) => row[column]);
    const numbers = values.filter((value) => typeof value === "number");
    const same = values.every((value) => value === values[0]);
    if (numbers.length === values.length) return [column, Number(median(numbers).toPrecision(6))];
    return [column, same ? (values[0] ?? "") : "differs"];
  });
  return Object.fromEntries(columns);
}
