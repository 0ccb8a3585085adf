import { spawn } from "node:child_process";
import { chmod, cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CleanupScope } from "./cleanup.ts";
import { cleanUp } from "./cleanup.ts";
import type { ProcessEnd } from "./process.ts";
import { tempDir } from "./temp-dir.ts";

const ROOT = join(import.meta.dirname, "..", "..");

/** Behaves like a successful `npm ci` of a lock that holds nothing but Node. */
const WORKING_NPM = `
const fs = require("node:fs");
fs.rmSync("node_modules", { recursive: true, force: true });
fs.mkdirSync("node_modules/.bin", { recursive: true });
fs.symlinkSync(process.execPath, "node_modules/.bin/node");
fs.copyFileSync("package-lock.json", "node_modules/.package-lock.json");
`;

export interface Run extends ProcessEnd {
  stdout: string;
  stderr: string;
}

export interface FreshClone {
  root: string;
  /** Puts a program of this name on the PATH, written in CommonJS; it also logs its calls. */
  program(name: string, source: string): Promise<void>;
  /** The command lines of `name` so far. */
  calls(name: string): Promise<string[]>;
  writeLock(version?: string, more?: Record<string, { version: string }>): Promise<void>;
  /** Runs scripts/bootstrap.mjs with nothing on the PATH but the programs made here. */
  bootstrap(args: readonly string[], env?: Record<string, string>): Promise<Run>;
  environment(env?: Record<string, string>): NodeJS.ProcessEnv;
}

/** A folder with the bootstrap script, a tiny lock and a made-up npm: a clone before its first start. */
export async function freshClone(t: CleanupScope): Promise<FreshClone> {
  const root = await tempDir(t);
  const bin = join(root, "bin");
  await mkdir(bin);
  for (const part of ["bootstrap.mjs", "bootstrap"]) {
    await cp(join(ROOT, "scripts", part), join(root, "scripts", part), { recursive: true });
  }

  const clone: FreshClone = {
    root,
    async program(name, source) {
      const log = `require("node:fs").appendFileSync(${JSON.stringify(join(root, `${name}.log`))}, process.argv.slice(2).join(" ") + "\\n");`;
      await writeFile(join(bin, name), `#!${process.execPath}\n${log}\n${source}`);
      await chmod(join(bin, name), 0o755);
    },
    async calls(name) {
      const log = await readFile(join(root, `${name}.log`), "utf8").catch(() => "");
      return log.split("\n").filter(Boolean);
    },
    async writeLock(version = process.versions.node, more = {}) {
      const packages = { "": {}, "node_modules/node": { version }, ...more };
      await writeFile(join(root, "package-lock.json"), JSON.stringify({ packages }));
    },
    bootstrap(args, env = {}) {
      return new Promise((resolve) => {
        const child = spawn(process.execPath, [join(root, "scripts", "bootstrap.mjs"), ...args], {
          cwd: root,
          env: clone.environment(env),
          stdio: ["ignore", "pipe", "pipe"],
        });
        cleanUp(t, () => child.kill("SIGKILL"));
        let stdout = "";
        let stderr = "";
        child.stdout.setEncoding("utf8").on("data", (text) => {
          stdout += text;
        });
        child.stderr.setEncoding("utf8").on("data", (text) => {
          stderr += text;
        });
        child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
      });
    },
    environment: (env = {}) => ({ PATH: bin, ...env }),
  };
  await clone.program("npm", WORKING_NPM);
  await clone.writeLock();
  return clone;
}
