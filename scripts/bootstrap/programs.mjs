import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "./failure.mjs";
import { findCommand, findOnPath } from "./find-on-path.mjs";
import { step } from "./step.mjs";

const CLUSTER = "a cluster and its tests";

/**
 * System programs that npm does not have, by the name of their Debian package.
 *
 * @type {Record<string, { commands: string[], purpose: string }>}
 */
const PROGRAMS = {
  ffmpeg: { commands: ["ffmpeg"], purpose: "short videos and replays" },
  chromium: {
    commands: ["chromium", "chromium-browser", "google-chrome"],
    purpose: "the browser tests",
  },
  "mariadb-server": { commands: ["mariadbd"], purpose: CLUSTER },
  "redis-server": { commands: ["redis-server"], purpose: CLUSTER },
  "nats-server": { commands: ["nats-server"], purpose: CLUSTER },
  "etcd-server": { commands: ["etcd"], purpose: CLUSTER },
};

/**
 * @param {string} name a key of PROGRAMS
 * @returns {string | undefined} the full path of the executable
 */
export function findProgram(name) {
  for (const command of known(name).commands) {
    const found = findCommand(command);
    if (found) return found;
  }
  return undefined;
}

/**
 * Installs nothing.
 *
 * @param {string} name
 * @returns {string} the full path of the executable
 * @throws {Failure} when it is missing
 */
export function requireProgram(name) {
  const found = findProgram(name);
  if (!found) throw new Failure(missing([name]));
  return found;
}

/**
 * For what the product can do without: installs it where that is possible, once, and else says in
 * one line what is missing. Never fails.
 *
 * @param {string} name
 * @param {string} root the project's folder
 */
export async function wantProgram(name, root) {
  if (findProgram(name)) return;
  const attempted = join(root, "node_modules", `.molimoli-tried-${name}`);
  if (canInstall() && !existsSync(attempted)) {
    writeFileSync(attempted, "");
    if (await aptInstall([name])) return;
  }
  console.error(`molimoli: ${missing([name])} Everything else works.`);
}

/**
 * For what must be there: installs what is missing where that is possible, or fails.
 *
 * @param {readonly string[]} names
 */
export async function needPrograms(names) {
  const isMissing = (/** @type {string} */ name) => !findProgram(name);
  const wanted = names.filter(isMissing);
  if (wanted.length > 0 && canInstall()) await aptInstall(wanted);
  const still = wanted.filter(isMissing);
  if (still.length > 0) throw new Failure(missing(still));
}

/**
 * @param {string} name
 * @returns {Promise<string>} the full path of the executable
 */
export async function needProgram(name) {
  await needPrograms([name]);
  return requireProgram(name);
}

/** @param {string} name */
function known(name) {
  const program = PROGRAMS[name];
  if (!program) throw new Failure(`bootstrap does not know the program "${name}"`);
  return program;
}

/** @param {readonly string[]} names one or more */
function missing(names) {
  const are = names.length === 1 ? "which is" : "which are";
  return (
    `${purposes(names)} need ${list(names)}, ${are} not installed: ` +
    `get ${names.length === 1 ? "it" : "them"} with "apt-get install ${names.join(" ")}" ` +
    "or your system's package manager."
  );
}

/** @param {readonly string[]} names */
function purposes(names) {
  return list([...new Set(names.map((name) => known(name).purpose))]);
}

/** @param {readonly string[]} things */
function list(things) {
  return things.length === 1
    ? things.join()
    : `${things.slice(0, -1).join(", ")} and ${things.at(-1)}`;
}

/** SYSTEM_PACKAGES=off is for those who don't want a start script to touch their system. */
function canInstall() {
  return (
    process.getuid?.() === 0 &&
    process.env.SYSTEM_PACKAGES !== "off" &&
    findOnPath("apt-get") !== undefined
  );
}

/** @param {readonly string[]} names */
async function aptInstall(names) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const patience = ["-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=30"];
  const update = await step(
    "Reading the system's package lists",
    "apt-get",
    ["update", ...patience],
    { env },
  );
  if (!update.ok) return false;
  const install = ["install", "-y", "--no-install-recommends", ...patience, ...names];
  const label = `Installing ${list(names)} for ${purposes(names)}`;
  return (await step(label, "apt-get", install, { env })).ok;
}
