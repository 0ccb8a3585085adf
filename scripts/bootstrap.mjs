// Makes a fresh clone runnable, then becomes the real program:
//
//   node scripts/bootstrap.mjs [--want=PROGRAM] [node options] SCRIPT [arguments]
//
// Needs nothing but npm and Node 20: dependencies are installed when they are missing or no longer
// what package-lock.json says, a wanted system program is installed where that is possible, and
// SCRIPT runs on the Node 24 that came with the dependencies.

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { becomeNode } from "./bootstrap/become-node.mjs";
import { ensureDependencies } from "./bootstrap/dependencies.mjs";
import { Failure } from "./bootstrap/failure.mjs";
import { wantProgram } from "./bootstrap/programs.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

const options = process.argv.slice(2);
/** @type {string[]} */
const wanted = [];
while (options[0]?.startsWith("--want=")) wanted.push(options.shift()?.slice(7) ?? "");

try {
  if (options.length === 0) throw new Failure("bootstrap needs to be told which script to run");
  const node = await ensureDependencies(root);
  for (const name of wanted) await wantProgram(name, root);
  // Compiled once instead of at every start: that is half the time of one.
  process.env.NODE_COMPILE_CACHE ??= join(root, "node_modules", ".cache", "compiled");
  becomeNode(node, options);
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  console.error(`molimoli: ${error.message}`);
  process.exitCode = 1;
}
