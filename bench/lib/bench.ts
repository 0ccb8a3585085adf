/** One line of a table. */
export type Row = Record<string, string | number>;

export interface BenchOptions {
  /** Length of one measurement. */
  seconds: number;
  /** Only the cases whose name contains this. */
  only?: string;
  /** Says what is going on. */
  log(line: string): void;
}

export interface Bench {
  name: string;
  about: string;
  run(options: BenchOptions): Promise<Row[]>;
}

/** To two digits after the point. */
export function round(value: number): number {
  return Math.round(value * 100) / 100;
}
