import { join } from "node:path";
import { parseArgs } from "node:util";
import { Failure } from "./bootstrap/failure.mjs";
import { needPrograms } from "./bootstrap/programs.mjs";
import { runChecks } from "./checks.ts";
import { type Outcome, runSuite } from "./testing/run-suite.ts";
import { needsOf, type Selection, SUITES, select, withoutServers } from "./testing/suites.ts";

const root = join(import.meta.dirname, "..");

const HELP = `npm test -- [suite or file ...] [options]

Without a suite or file: the checks of "npm run check", then every suite in this order.

${SUITES.map(({ name, about }) => `  ${name.padEnd(10)}${about}`).join("\n")}

  --name PATTERN   only tests whose name matches
  --no-check       leave the checks out
  --embedded       leave out what needs MariaDB, Redis, NATS and etcd: what several nodes do is then
                   not tested
  --help           this text

npm test -- unit
npm test -- test/unit/ids.test.ts "test/service/push*"
`;

async function main(): Promise<boolean> {
  const { values, positionals } = readArguments();
  if (values.help) {
    console.log(HELP);
    return true;
  }
  const selections = choose(positionals, values.embedded === true);
  await needPrograms([...new Set(selections.flatMap(needsOf))]);

  const checked = positionals.length > 0 || values["no-check"] || (await runChecks(root));
  const outcome = await runAll(selections, values.name);
  if (outcome.passed + outcome.failed === 0) console.log("no test ran");
  if (!checked) console.log("the checks above failed");
  const skipped = outcome.skipped > 0 ? `, ${outcome.skipped} skipped` : "";
  console.log(`${outcome.passed} passed, ${outcome.failed} failed${skipped}`);
  // A skipped test proves nothing, so it is not a success either.
  return checked && outcome.passed > 0 && outcome.failed === 0 && outcome.skipped === 0;
}

/** What to run; says what is left out. */
function choose(wanted: readonly string[], embedded: boolean): Selection[] {
  const wished = select(root, wanted);
  if (!embedded) return wished;
  const selections = wished.map(withoutServers).filter(({ files }) => files.length > 0);
  const count = (list: Selection[]) => list.reduce((sum, { files }) => sum + files.length, 0);
  const left = count(wished) - count(selections);
  const files = left === 1 ? "1 test file" : `${left} test files`;
  console.log(`--embedded leaves out ${files} that need MariaDB, Redis, NATS or etcd`);
  return selections;
}

async function runAll(selections: Selection[], name: string | undefined): Promise<Outcome> {
  const interrupted = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => interrupted.abort(new Failure(`stopped by ${signal}`)));
  }
  const total: Outcome = { passed: 0, failed: 0, skipped: 0 };
  for (const selection of selections) {
    const since = performance.now();
    const { suite, files } = selection;
    console.log(`\n── ${suite.name}: ${suite.about} (${files.length} files)`);
    const outcome = await runSuite(selection, { root, name, signal: interrupted.signal });
    interrupted.signal.throwIfAborted();
    total.passed += outcome.passed;
    total.failed += outcome.failed;
    total.skipped += outcome.skipped;
    const seconds = ((performance.now() - since) / 1000).toFixed(1);
    console.log(`── ${suite.name}: ${outcome.passed} of ${sum(outcome)} passed in ${seconds} s\n`);
  }
  return total;
}

function sum({ passed, failed, skipped }: Outcome): number {
  return passed + failed + skipped;
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      allowNegative: false,
      options: {
        help: { type: "boolean", short: "h" },
        "no-check": { type: "boolean" },
        embedded: { type: "boolean" },
        name: { type: "string" },
      },
    });
  } catch (error) {
    throw new Failure(`${(error as Error).message} (npm test -- --help)`);
  }
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  console.error(`molimoli: ${error.message}`);
  process.exitCode = 1;
}
