import assert from "node:assert/strict";
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { type FreshClone, freshClone } from "../support/fresh-clone.ts";
import { startProcess } from "../support/process.ts";

const HELLO = ["-e", "console.log('hello')"];
/** Loaded into the bootstrap's process, to stand where a test cannot: as root, or not; on an old Node. */
const preload = (code: string) => ({ NODE_OPTIONS: `--import "data:text/javascript,${code}"` });
const AS_ROOT = preload("process.getuid=()=>0");
const NOT_ROOT = preload("process.getuid=()=>1000");
const WITHOUT_EXEC = preload("process.execve=undefined");

const WAITS = [
  "-e",
  "process.on('SIGTERM',()=>process.exit(7));setInterval(()=>{},1000);console.log('ready')",
];

const start = (t: Parameters<typeof startProcess>[0], clone: FreshClone, env = {}) =>
  startProcess(t, {
    command: process.execPath,
    args: [join(clone.root, "scripts", "bootstrap.mjs"), ...WAITS],
    env: { NODE_OPTIONS: undefined, ...clone.environment(env) },
    ready: /ready/,
  });

test("a fresh clone gets its dependencies, then runs the script", async (t) => {
  const clone = await freshClone(t);
  const { code, stdout, stderr } = await clone.bootstrap(HELLO);
  assert.equal(code, 0, stderr);
  assert.equal(stdout, "hello\n");
  assert.match(stderr, /✓ Installing 1 packages \(\d+\.\d s\)/);
});

test("what is installed already is not installed again, and nothing is said", async (t) => {
  const clone = await freshClone(t);
  await clone.bootstrap(HELLO);
  const { stdout, stderr } = await clone.bootstrap(HELLO);
  assert.deepEqual({ stdout, stderr }, { stdout: "hello\n", stderr: "" });
  assert.equal((await clone.calls("npm")).length, 1);
});

test("a changed lock is installed", async (t) => {
  const clone = await freshClone(t);
  await clone.bootstrap(HELLO);
  await clone.writeLock(undefined, { "node_modules/new": { version: "1.0.0" } });
  await clone.bootstrap(HELLO);
  assert.equal((await clone.calls("npm")).length, 2);
});

test("somebody's own npm install counts as installed", async (t) => {
  const clone = await freshClone(t);
  await clone.bootstrap(HELLO);
  await clone.writeLock(undefined, { "node_modules/new": { version: "1.0.0" } });
  await cp(
    join(clone.root, "package-lock.json"),
    join(clone.root, "node_modules", ".package-lock.json"),
  );
  await clone.bootstrap(HELLO);
  assert.equal((await clone.calls("npm")).length, 1);
});

test("dependencies with another Node than the lock's are replaced", async (t) => {
  const clone = await freshClone(t);
  await clone.writeLock("24.0.1");
  await clone.bootstrap(HELLO);
  await writeFile(join(clone.root, "node_modules", ".molimoli-lock-hash"), "of another machine");
  await clone.bootstrap(HELLO);
  assert.equal((await clone.calls("npm")).length, 2);
});

test("the script gets its arguments, and its exit code is the command's", async (t) => {
  const clone = await freshClone(t);
  const args = ["-e", "console.log(process.argv.slice(1));process.exit(3)", "a b", "--flag"];
  for (const env of [{}, WITHOUT_EXEC]) {
    const { code, stdout } = await clone.bootstrap(args, env);
    assert.equal(code, 3);
    assert.equal(stdout, "[ 'a b', '--flag' ]\n");
  }
});

test("a signal reaches the script, which ends in its own way", async (t) => {
  const clone = await freshClone(t);
  for (const env of [{}, WITHOUT_EXEC]) {
    const started = await start(t, clone, env);
    assert.deepEqual(await started.stop("SIGTERM"), { code: 7, signal: null });
  }
});

test("a script that a signal kills is reported as the shell does", async (t) => {
  const clone = await freshClone(t);
  const args = ["-e", "process.kill(process.pid,'SIGKILL')"];
  assert.equal((await clone.bootstrap(args, WITHOUT_EXEC)).code, 128 + 9);
});

const REASONS = [
  { said: "npm error code ENOTFOUND", told: /the package registry cannot be reached/ },
  { said: "npm error code ENOSPC", told: /the disk is full/ },
  { said: "npm error code EACCES", told: /cannot be written/ },
  { said: "npm error code EUSAGE", told: /package-lock.json disagree/ },
  { said: "npm error something new", told: /installed: something new/ },
];

for (const { said, told } of REASONS) {
  test(`an install that fails with "${said}" is one sentence and a failing exit`, async (t) => {
    const clone = await freshClone(t);
    await clone.program("npm", `console.error(${JSON.stringify(said)}); process.exit(1)`);
    const { code, stdout, stderr } = await clone.bootstrap(HELLO);
    assert.equal(code, 1);
    assert.equal(stdout, "");
    const lines = stderr.split("\n").filter((line) => line.startsWith("molimoli: "));
    assert.equal(lines.length, 1, stderr);
    assert.match(lines[0] ?? "", told);
  });
}

test("an install that failed is tried again", async (t) => {
  const clone = await freshClone(t);
  await clone.program("npm", "process.exit(1)");
  await clone.bootstrap(HELLO);
  await clone.bootstrap(HELLO);
  assert.equal((await clone.calls("npm")).length, 2);
});

test("without npm it says that npm is needed", async (t) => {
  const clone = await freshClone(t);
  const { code, stderr } = await clone.bootstrap(HELLO, { PATH: "" });
  assert.equal(code, 1);
  assert.match(stderr, /^molimoli: npm was not found/);
});

test("an install without the Node binary says what npm's configuration may forbid", async (t) => {
  const clone = await freshClone(t);
  await clone.program("npm", `require("node:fs").mkdirSync("node_modules")`);
  const { code, stderr } = await clone.bootstrap(HELLO);
  assert.equal(code, 1);
  assert.match(stderr, /forbid install scripts/);
});

test("a signal during the install ends npm too", async (t) => {
  const clone = await freshClone(t);
  await clone.program(
    "npm",
    `require("node:fs").writeFileSync("npm.pid", String(process.pid)); setInterval(() => {}, 1000)`,
  );
  const started = await startProcess(t, {
    command: process.execPath,
    args: [join(clone.root, "scripts", "bootstrap.mjs"), ...HELLO],
    env: clone.environment(),
    ready: async () => (await readFile(join(clone.root, "npm.pid"), "utf8")) !== "",
  });
  const npm = Number(await readFile(join(clone.root, "npm.pid"), "utf8"));
  assert.deepEqual(await started.stop("SIGTERM"), { code: 128 + 15, signal: null });
  assert.throws(() => process.kill(npm, 0), { code: "ESRCH" });
});

test("a missing ffmpeg is one line, and the script runs", async (t) => {
  const clone = await freshClone(t);
  await clone.bootstrap(HELLO);
  const { code, stdout, stderr } = await clone.bootstrap(["--want=ffmpeg", ...HELLO], NOT_ROOT);
  assert.deepEqual({ code, stdout }, { code: 0, stdout: "hello\n" });
  assert.match(
    stderr,
    /^molimoli: short videos and replays need ffmpeg.*Everything else works\.\n$/,
  );
});

test("ffmpeg is installed where apt-get and root are at hand", async (t) => {
  const clone = await freshClone(t);
  const ffmpeg = JSON.stringify(join(clone.root, "bin", "ffmpeg"));
  await clone.program(
    "apt-get",
    `if (process.argv[2] === "install") require("node:fs").writeFileSync(${ffmpeg}, "", { mode: 0o755 })`,
  );
  const { code, stderr } = await clone.bootstrap(["--want=ffmpeg", ...HELLO], AS_ROOT);
  assert.equal(code, 0);
  assert.match(stderr, /✓ Installing ffmpeg for short videos and replays/);
  assert.match((await clone.calls("apt-get"))[1] ?? "", /^install -y --no-install-recommends/);
});

test("an ffmpeg that could not be installed is not tried at every start", async (t) => {
  const clone = await freshClone(t);
  await clone.program("apt-get", "process.exit(100)");
  for (let starts = 0; starts < 2; starts++) {
    const { code, stdout, stderr } = await clone.bootstrap(["--want=ffmpeg", ...HELLO], AS_ROOT);
    assert.deepEqual({ code, stdout }, { code: 0, stdout: "hello\n" });
    assert.match(stderr, /molimoli: short videos and replays need ffmpeg/);
  }
  assert.equal((await clone.calls("apt-get")).length, 1);
});

test("SYSTEM_PACKAGES=off keeps apt-get out of it", async (t) => {
  const clone = await freshClone(t);
  await clone.program("apt-get", "");
  await clone.bootstrap(["--want=ffmpeg", ...HELLO], { ...AS_ROOT, SYSTEM_PACKAGES: "off" });
  assert.deepEqual(await clone.calls("apt-get"), []);
});

test("a program that tests cannot do without fails when it is missing", async (t) => {
  const clone = await freshClone(t);
  const programs = JSON.stringify(join(clone.root, "scripts", "bootstrap", "programs.mjs"));
  const script = `import(${programs}).then((programs) => programs.needProgram("chromium"))`;
  const { code, stderr } = await clone.bootstrap(["-e", script], NOT_ROOT);
  assert.equal(code, 1);
  assert.match(stderr, /the browser tests need chromium, which is not installed/);
});

const needServers = (clone: FreshClone) => {
  const programs = JSON.stringify(join(clone.root, "scripts", "bootstrap", "programs.mjs"));
  const names = JSON.stringify(["redis-server", "etcd-server"]);
  return ["-e", `import(${programs}).then((programs) => programs.needPrograms(${names}))`];
};

test("several programs that are missing are named in one sentence", async (t) => {
  const clone = await freshClone(t);
  const { code, stderr } = await clone.bootstrap(needServers(clone), NOT_ROOT);
  assert.equal(code, 1);
  assert.match(
    stderr,
    /need redis-server and etcd-server, which are not installed: get them with "apt-get install redis-server etcd-server"/,
  );
});

test("several programs that are missing are installed at once", async (t) => {
  const clone = await freshClone(t);
  const made = ["redis-server", "etcd"].map((name) => join(clone.root, "bin", name));
  await clone.program(
    "apt-get",
    `if (process.argv[2] === "install") for (const file of ${JSON.stringify(made)}) require("node:fs").writeFileSync(file, "", { mode: 0o755 })`,
  );
  const { code, stderr } = await clone.bootstrap(needServers(clone), AS_ROOT);
  assert.equal(code, 0, stderr);
  const calls = await clone.calls("apt-get");
  assert.equal(calls.length, 2);
  assert.match(calls[1] ?? "", /^install .* redis-server etcd-server$/);
});

test("without a script to run it says so", async (t) => {
  const clone = await freshClone(t);
  const { code, stderr } = await clone.bootstrap([]);
  assert.equal(code, 1);
  assert.match(stderr, /^molimoli: bootstrap needs to be told which script to run/);
});
