import { existsSync } from "node:fs";
import { join } from "node:path";
import { step } from "./bootstrap/step.mjs";

/** Where the import rules hold; tests, benchmarks and scripts may import what they like. */
const RULED = ["contracts", "lib", "mixins", "services", "web/src", "moleculer.config.ts"];

/**
 * Types, format, lint and import rules. Prints what is wrong and goes on, so that one run tells all.
 * Answers whether all is well.
 */
export async function runChecks(root: string): Promise<boolean> {
  const ruled = RULED.filter((path) => existsSync(join(root, path)));
  const checks = [
    { name: "types", command: "tsc", args: ["--noEmit", "--pretty"] },
    { name: "format and lint", command: "biome", args: ["check", "--error-on-warnings", "."] },
    { name: "import rules", command: "depcruise", args: ["--output-type", "err", ...ruled] },
  ];
  let allWell = true;
  for (const { name, command, args } of checks) {
    const bin = join(root, "node_modules", ".bin", command);
    const { ok, output } = await step(`Checking ${name}`, bin, args, { cwd: root });
    if (!ok) process.stderr.write(`${output}\n`);
    allWell &&= ok;
  }
  return allWell;
}
