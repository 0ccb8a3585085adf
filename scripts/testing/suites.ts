import { globSync, readFileSync } from "node:fs";
import { relative, resolve, sep } from "node:path";
import { Failure } from "../bootstrap/failure.mjs";

export interface Suite {
  name: string;
  /** What its tests are about, for --help. */
  about: string;
  /** Test files at a time. */
  concurrency: number;
  /** System programs its tests cannot do without. */
  needs: readonly string[];
  /** Files that take long, and are therefore started first: the slowest would else end alone. */
  first?: readonly string[];
}

/** Packages of the servers that a cluster runs on: MariaDB, Redis, NATS, etcd. */
export const SERVERS = ["mariadb-server", "redis-server", "nats-server", "etcd-server"];

/** In the order they run: what fails fastest and explains most comes first. */
export const SUITES: readonly Suite[] = [
  {
    name: "unit",
    about: "rules without a broker",
    // Tests wait more than they compute: for what is due, for what expires, for a process to start.
    concurrency: 4,
    needs: [],
  },
  {
    name: "service",
    about: "services on a broker in this process",
    concurrency: 4,
    needs: [],
  },
  {
    name: "contract",
    about: "the HTTP dialects, and both sides of every backing service",
    concurrency: 4,
    needs: [],
    first: ["live", "douyin", "fuzz-texts", "fuzz"],
  },
  {
    name: "cluster",
    about: "several nodes and real servers",
    concurrency: 4,
    needs: [],
    first: ["etcd-discoverer", "stack", "redis-cluster", "etcd-config"],
  },
  {
    name: "e2e",
    about: "the whole product, with a browser",
    concurrency: 3,
    needs: ["ffmpeg", "chromium"],
  },
  {
    name: "fault",
    about: "processes and connections that die at the wrong moment",
    concurrency: 2,
    needs: [],
  },
];

export interface Selection {
  suite: Suite;
  /** Absolute paths. */
  files: string[];
}

/** System programs that these files cannot do without. */
export function needsOf({ suite, files }: Selection): readonly string[] {
  const servers = files.some((file) => needsServers(suite, file));
  const videos = files.some((file) => MAKES_VIDEOS.test(readFileSync(file, "utf8")));
  const needs = [...suite.needs, ...(videos ? ["ffmpeg"] : []), ...(servers ? SERVERS : [])];
  return [...new Set(needs)];
}

/** Leaves out what needs the servers of a cluster. */
export function withoutServers({ suite, files }: Selection): Selection {
  return { suite, files: files.filter((file) => !needsServers(suite, file)) };
}

/** What makes or looks into videos; "publish" is the area of the short-video dialect that does. */
const MAKES_VIDEOS = /\/support\/made-video\.ts"|\/lib\/ffmpeg\.ts"|^ {2}"publish",$/m;

/** What starts the servers of a cluster, or nodes on them; whoever uses it needs them. */
const STARTS_SERVERS = /\/support\/(stack|cluster|etcd|redis-sentinel)\.ts"/;

function needsServers({ name }: Suite, file: string): boolean {
  return name === "cluster" || STARTS_SERVERS.test(readFileSync(file, "utf8"));
}

/**
 * Which files to run. `wanted` holds suite names, test files or globs; empty means everything.
 * A word that means nothing is an error: a misspelt suite must not look like a green one.
 */
export function select(root: string, wanted: readonly string[]): Selection[] {
  const everything = SUITES.map((suite) => ({
    suite,
    files: inOrder(suite, testFiles(root, `test/${suite.name}/**/*.test.ts`)),
  }));
  if (wanted.length === 0) return everything.filter(({ files }) => files.length > 0);

  const chosen = new Set(wanted.flatMap((word) => matching(root, word, everything)));
  return everything
    .map(({ suite, files }) => ({ suite, files: files.filter((file) => chosen.has(file)) }))
    .filter(({ files }) => files.length > 0);
}

function matching(root: string, word: string, everything: Selection[]): string[] {
  const named = everything.find(({ suite }) => suite.name === word);
  const pool = new Set(everything.flatMap(({ files }) => files));
  const files = named
    ? named.files
    : [...testFiles(root, word), ...testFiles(root, `${word}/**/*.test.ts`)].filter((file) =>
        pool.has(file),
      );
  if (files.length === 0) {
    const names = SUITES.map(({ name }) => name).join(", ");
    throw new Failure(`no test is called "${word}"; name a suite (${names}) or files under test/`);
  }
  return files;
}

function inOrder({ first = [] }: Suite, files: string[]): string[] {
  const early = first.flatMap((name) =>
    files.filter((file) => file.endsWith(`${sep}${name}.test.ts`)),
  );
  return [...early, ...files.filter((file) => !early.includes(file))];
}

function testFiles(root: string, glob: string): string[] {
  return globSync(glob, { cwd: root })
    .map((file) => resolve(root, file))
    .sort();
}

/** How a file is called in what people read. */
export function shown(root: string, file: string): string {
  return relative(root, file).split(sep).join("/");
}
