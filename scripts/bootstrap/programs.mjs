import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "./failure.mjs";
import { findOnPath } from "./find-on-path.mjs";
import { step } from "./step.mjs";

/**
 * System programs that npm does not have, by the name of their Debian package.
 *
 * @type {Record<string, { commands: string[], purpose: string }>}
 */
const PROGRAMS = {
  ffmpeg: { commands: ["ffmpeg"], purpose: "replays and covers" },
  chromium: {
    commands: ["chromium", "chromium-browser", "google-chrome"],
    purpose: "the browser tests",
  },
};

/**
 * @param {string} name a key of PROGRAMS
 * @returns {string | undefined} the full path of the executable
 */
export function findProgram(name) {
  for (const command of known(name).commands) {
    const found = findOnPath(command);
    if (found) return found;
  }
  return undefined;
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
    if (await aptInstall(name)) return;
  }
  console.error(`molimoli: ${missing(name)} Everything else works.`);
}

/**
 * For what must be there: installs it where that is possible, or fails.
 *
 * @param {string} name
 * @returns {Promise<string>} the full path of the executable
 */
export async function needProgram(name) {
  if (!findProgram(name) && canInstall()) await aptInstall(name);
  const found = findProgram(name);
  if (!found) throw new Failure(missing(name));
  return found;
}

/** @param {string} name */
function known(name) {
  const program = PROGRAMS[name];
  if (!program) throw new Failure(`bootstrap does not know the program "${name}"`);
  return program;
}

/** @param {string} name */
function missing(name) {
  const { purpose } = known(name);
  return `${purpose} need ${name}, which is not installed: get it with "apt-get install ${name}" or your system's package manager.`;
}

/** SYSTEM_PACKAGES=off is for those who don't want a start script to touch their system. */
function canInstall() {
  return (
    process.getuid?.() === 0 &&
    process.env.SYSTEM_PACKAGES !== "off" &&
    findOnPath("apt-get") !== undefined
  );
}

/** @param {string} name */
async function aptInstall(name) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const patience = ["-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=30"];
  const update = await step(
    "Reading the system's package lists",
    "apt-get",
    ["update", ...patience],
    { env },
  );
  if (!update.ok) return false;
  const install = ["install", "-y", "--no-install-recommends", ...patience, name];
  return (await step(`Installing ${name} for ${known(name).purpose}`, "apt-get", install, { env }))
    .ok;
}
