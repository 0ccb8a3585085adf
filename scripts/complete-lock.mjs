// Makes package-lock.json complete and free of download addresses. Run by `npm run lock`, after a
// dependency was added or changed with `npm install --save-exact`.
//
// Why it exists: a registry mirror may lack the packages of other platforms (say, a formatter's
// macOS binary). npm then leaves them out of the lock, and `npm ci` refuses a lock without them.
// Their names and exact versions stand in the lock as optional dependencies of the package that
// wants them, so the missing entries can be written from there. Runs on any Node from 20.

import { readFileSync, writeFileSync } from "node:fs";

const LOCK = new URL("../package-lock.json", import.meta.url);
const SYSTEMS = [
  "aix",
  "android",
  "darwin",
  "freebsd",
  "linux",
  "netbsd",
  "openbsd",
  "sunos",
  "win32",
];
const PROCESSORS = [
  "arm",
  "arm64",
  "ia32",
  "loong64",
  "mips64el",
  "ppc64",
  "riscv64",
  "s390x",
  "x64",
];

/**
 * What a platform package's name says about where it can be installed.
 *
 * @param {string} name
 */
function platformOf(name) {
  const words = name.replace(/^.*\//, "").split("-");
  const os = SYSTEMS.filter((system) => words.includes(system));
  const cpu = PROCESSORS.filter((processor) => words.includes(processor));
  if (os.length !== 1 || cpu.length !== 1) return undefined;
  const libc = words.some((word) => word.startsWith("musl"))
    ? { libc: ["musl"] }
    : words.some((word) => word.startsWith("gnu"))
      ? { libc: ["glibc"] }
      : {};
  return { cpu, os, ...libc };
}

/**
 * Adds the entries that are missing and drops every `resolved`; answers how many of each.
 *
 * @param {{ packages: Record<string, any> }} lock
 */
function complete(lock) {
  const packages = lock.packages;
  const locked = new Set(Object.keys(packages).map((path) => path.split("node_modules/").pop()));
  let added = 0;
  let dropped = 0;
  for (const entry of Object.values(packages)) {
    if (entry.resolved !== undefined && !entry.link) {
      delete entry.resolved;
      dropped += 1;
    }
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      if (locked.has(name) || !/^\d+\.\d+\.\d+/.test(version)) continue;
      const platform = platformOf(name);
      if (!platform) continue;
      packages[`node_modules/${name}`] = {
        version,
        ...(entry.dev ? { dev: true } : {}),
        optional: true,
        ...platform,
      };
      locked.add(name);
      added += 1;
    }
  }
  const sorted = Object.keys(packages).sort((a, b) => a.localeCompare(b, "en"));
  lock.packages = Object.fromEntries(sorted.map((path) => [path, packages[path]]));
  return { added, dropped };
}

const lock = JSON.parse(readFileSync(LOCK, "utf8"));
const { added, dropped } = complete(lock);
writeFileSync(LOCK, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`package-lock.json: ${added} platform packages added, ${dropped} addresses dropped`);
