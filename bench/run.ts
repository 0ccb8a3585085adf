/**
 * `npm run bench`: measurements that anyone can repeat. Prints a table and, after it, the same as
 * JSON.
 */
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { draw } from "./draw.ts";
import { fanout } from "./fanout.ts";
import { floor } from "./floor.ts";
import { gateway } from "./gateway.ts";
import { grow } from "./grow.ts";
import { ingest } from "./ingest.ts";
import type { Bench, Row } from "./lib/bench.ts";
import { withMedians } from "./lib/median.ts";
import { scale } from "./scale.ts";
import { viewers } from "./viewers.ts";

const benches: Bench[] = [floor, fanout, viewers, gateway, draw, ingest, scale, grow];

const HELP = `npm run bench [-- NAME …] [--seconds N] [--only TEXT] [--repeat N] [--json]

Measures the server through its public API, over real sockets, with generators in processes of their
own; and draws alone, which no request waits for. Without a name all of them run.

${benches.map(({ name, about }) => `  ${name.padEnd(10)} ${about}`).join("\n")}

  --seconds N  length of one measurement (default 10)
  --only TEXT  only the cases whose name contains TEXT, e.g. "15000 viewers"
  --repeat N   measure everything N times, and print the medians as well
  --json       JSON alone on standard output
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: "string", default: "10" },
    only: { type: "string" },
    repeat: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});

const unknown = positionals.filter((name) => !benches.some((bench) => bench.name === name));
if (values.help || unknown.length > 0) {
  if (unknown.length > 0) console.error(`There is no bench named ${unknown.join(", ")}.\n`);
  console.log(HELP);
  process.exit(values.help ? 0 : 1);
}

const repeat = Number(values.repeat);
for (const [name, number] of Object.entries({ seconds: Number(values.seconds), repeat }))
  if (!Number.isInteger(number) || number < 1) {
    console.error(`--${name} has to be a whole number of at least 1.`);
    process.exit(1);
  }

const machine = { cpu: cpus()[0]?.model ?? "?", cores: cpus().length, node: process.version };
const results: Record<string, unknown> = { machine };
if (!values.json) console.log(`${machine.cores} × ${machine.cpu}, Node ${machine.node}`);
for (const bench of benches) {
  if (positionals.length > 0 && !positionals.includes(bench.name)) continue;
  if (!values.json) console.log(`\n${bench.name}: ${bench.about}`);
  const runs: Row[][] = [];
  for (let run = 1; run <= repeat; run++) {
    const which = repeat > 1 ? `${run} of ${repeat}: ` : "";
    runs.push(
      await bench.run({
        seconds: Number(values.seconds),
        ...(values.only === undefined ? {} : { only: values.only }),
        log: (line) => console.error(`  … ${which}${line}`),
      }),
    );
  }
  const rows = repeat > 1 ? withMedians(runs) : runs.flat();
  results[bench.name] = rows;
  if (!values.json) console.table(rows);
}
console.log(JSON.stringify(results));
