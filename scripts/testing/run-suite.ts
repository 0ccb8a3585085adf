import { once } from "node:events";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { fileURLToPath } from "node:url";
import { type Selection, shown } from "./suites.ts";

/** One test, and one file, may take this long, in milliseconds. */
const TEST_TIMEOUT_MS = 240_000;
/** A whole suite may take this long, in milliseconds: the net under everything that can hang. */
const SUITE_TIMEOUT_MS = 30 * 60_000;
const LEFTOVERS_HOOK = fileURLToPath(new URL("./fail-on-leftovers.ts", import.meta.url));

export interface Outcome {
  passed: number;
  failed: number;
  skipped: number;
}

export interface RunOptions {
  root: string;
  /** Only tests whose name matches. */
  name?: string | undefined;
  signal: AbortSignal;
}

/** Runs one suite's files, each in a process of its own, and prints node:test's own report. */
export async function runSuite(
  { suite, files }: Selection,
  { root, name, signal }: RunOptions,
): Promise<Outcome> {
  const outcome: Outcome = { passed: 0, failed: 0, skipped: 0 };
  const holdNoTest = new Set<string>();

  const tests = run({
    files,
    cwd: root,
    concurrency: suite.concurrency,
    timeout: TEST_TIMEOUT_MS,
    signal: AbortSignal.any([signal, AbortSignal.timeout(SUITE_TIMEOUT_MS)]),
    execArgv: ["--import", LEFTOVERS_HOOK],
    ...(name === undefined ? {} : { testNamePatterns: [name] }),
  });
  // A file without tests is reported as one passed test that bears the file's name.
  tests.on("test:pass", (event) => {
    if (files.includes(event.name)) holdNoTest.add(event.name);
  });
  const took: { file: string; ms: number }[] = [];
  tests.on("test:summary", ({ file, counts, duration_ms }) => {
    if (file !== undefined) {
      took.push({ file, ms: duration_ms });
      return;
    }
    outcome.passed = counts.passed;
    outcome.skipped = counts.skipped + counts.todo;
    outcome.failed = counts.tests - counts.passed - outcome.skipped;
  });
  const report = tests.compose(spec);
  report.pipe(process.stdout, { end: false });
  await once(report, "end");

  tellSlowest(took.map(({ file, ms }) => ({ name: shown(root, file), ms })));

  outcome.passed -= holdNoTest.size;
  // With a name pattern it is normal that most files have nothing to run.
  if (name === undefined) {
    outcome.failed += holdNoTest.size;
    for (const file of holdNoTest) console.log(`✖ ${shown(root, file)} holds no test`);
  }
  return outcome;
}

/** Files that took so long, in milliseconds, are worth to be started first (suites.ts) or made faster. */
const SLOW_MS = 15_000;

function tellSlowest(files: { name: string; ms: number }[]): void {
  const slow = files.filter(({ ms }) => ms >= SLOW_MS).sort((a, b) => b.ms - a.ms);
  for (const { name, ms } of slow) console.log(`   ${(ms / 1000).toFixed(0)} s  ${name}`);
}
