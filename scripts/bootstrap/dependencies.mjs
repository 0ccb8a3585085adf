import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { Failure } from "./failure.mjs";
import { findOnPath } from "./find-on-path.mjs";
import { step } from "./step.mjs";

/**
 * @typedef {{ version: string, dev?: boolean, optional?: boolean, devOptional?: boolean, peer?: boolean }} LockEntry
 * @typedef {{ packages: Record<string, LockEntry> }} Lock
 */

/** npm's own patience keeps somebody without a network waiting for more than a minute. */
const PATIENCE = [
  "--fetch-retries=3",
  "--fetch-retry-mintimeout=2000",
  "--fetch-retry-maxtimeout=8000",
];

/**
 * Installs what package-lock.json asks for, unless exactly that is there already.
 *
 * @param {string} root the project's folder
 * @returns {Promise<string>} the Node binary among the dependencies
 */
export async function ensureDependencies(root) {
  const node = join(root, "node_modules", ".bin", "node");
  const stamp = join(root, "node_modules", ".molimoli-lock-hash");
  const lockText = readFileSync(join(root, "package-lock.json"), "utf8");
  const hash = createHash("sha256")
    .update(`${process.platform} ${process.arch}\n${lockText}`)
    .digest("hex");

  if (read(stamp) === hash && existsSync(node)) return node;
  /** @type {Lock} */
  const lock = JSON.parse(lockText);
  // Somebody's own `npm install` is as good as ours.
  if (!isInstalled(root, lock, node)) await install(root, lock, node, stamp);
  writeFileSync(stamp, hash);
  return node;
}

/** @param {string} path */
function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/**
 * Compares with the lock that npm leaves in node_modules at the end of a successful install.
 *
 * @param {string} root
 * @param {Lock} lock
 * @param {string} node
 */
function isInstalled(root, lock, node) {
  const installedText = read(join(root, "node_modules", ".package-lock.json"));
  if (installedText === undefined) return false;
  /** @type {Lock} */
  const installed = JSON.parse(installedText);
  const withoutDev = process.env.NODE_ENV === "production";

  for (const [path, wanted] of Object.entries(lock.packages)) {
    if (path === "") continue;
    const found = installed.packages[path];
    const mayBeMissing =
      wanted.optional || wanted.devOptional || wanted.peer || (withoutDev && wanted.dev);
    if (found ? found.version !== wanted.version : !mayBeMissing) return false;
  }
  // A node_modules that was copied from another kind of machine has a binary that does not run.
  const { stdout } = spawnSync(node, ["--version"], { encoding: "utf8" });
  return stdout?.trim() === `v${lock.packages["node_modules/node"]?.version}`;
}

/**
 * @param {string} root
 * @param {Lock} lock
 * @param {string} node
 * @param {string} stamp
 */
async function install(root, lock, node, stamp) {
  // npm must not run on the very binary that it is about to replace.
  const path = (process.env.PATH ?? "")
    .split(delimiter)
    .filter((folder) => !folder.includes("node_modules"))
    .join(delimiter);
  const npm = findOnPath("npm", path);
  if (!npm) {
    throw new Failure(
      "npm was not found; it comes with Node.js and is needed to install dependencies",
    );
  }
  rmSync(stamp, { force: true });

  const count = Object.values(lock.packages).filter((entry) => !entry.optional).length - 1;
  const { ok, output } = await step(
    `Installing ${count} packages`,
    npm,
    ["ci", "--no-audit", "--no-fund", "--no-progress", "--loglevel=error", ...PATIENCE],
    { cwd: root, env: { ...process.env, PATH: path } },
  );
  if (!ok) throw new Failure(`dependencies could not be installed: ${reason(output)}`);
  if (!existsSync(node)) {
    throw new Failure(
      "dependencies were installed, but not the Node 24 among them: does npm's configuration forbid install scripts?",
    );
  }
}

/**
 * npm's pages of output in half a sentence.
 *
 * @param {string} output
 */
export function reason(output) {
  const known = [
    [/ENOSPC/, "the disk is full"],
    [/EACCES|EPERM|EROFS/, "the project's folder or npm's cache cannot be written"],
    [
      /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT/,
      "the package registry cannot be reached; check the network or npm's proxy settings",
    ],
    [/EINTEGRITY/, "a downloaded package is not the one that package-lock.json names"],
    [
      /EUSAGE|in sync/,
      "package.json and package-lock.json disagree; run npm install, then npm run lock",
    ],
    [/E404|404 Not Found/, "the package registry lacks one of the packages"],
  ];
  const explained = known.find(([pattern]) => /** @type {RegExp} */ (pattern).test(output))?.[1];
  const lines = output
    .split("\n")
    .map((line) => line.replace(/^npm error\s*/, "").trim())
    .filter(Boolean);
  const log = /A complete log of this run can be found in: (\S+)/.exec(output)?.[1];
  return `${explained ?? lines[0] ?? "npm ci failed without a word"}${log ? ` (npm's log: ${log})` : ""}`;
}
