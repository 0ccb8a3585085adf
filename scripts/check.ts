import { join } from "node:path";
import { runChecks } from "./checks.ts";

if (!(await runChecks(join(import.meta.dirname, "..")))) process.exitCode = 1;
