import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { SUITES } from "../../scripts/testing/suites.ts";
import { tempDir } from "../support/temp-dir.ts";

const SCRIPTS = join(import.meta.dirname, "..", "..", "scripts");
const PASSES = `import { test } from "node:test"; test("passes", () => {});`;
const FAILS = `import { test } from "node:test"; test("fails", () => { throw new Error("no"); });`;

interface Run {
  code: number;
  lines: string[];
  stderr: string;
}

/** Runs scripts/test.ts in a project that holds only these files. */
async function runTests(
  t: TestContext,
  files: Record<string, string>,
  args: readonly string[] = ["--no-check"],
  more: Record<string, string> = {},
): Promise<Run> {
  const root = await tempDir(t);
  await cp(SCRIPTS, join(root, "scripts"), { recursive: true });
  for (const [path, text] of Object.entries({ "package.json": `{"type":"module"}`, ...files })) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  // Under node:test's own variable the inner runner would believe it is a test file itself.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(root, "scripts", "test.ts"), ...args],
      { cwd: root, env: { ...env, ...more } },
      (error, stdout, stderr) => {
        resolve({ code: Number(error?.code ?? 0), lines: stdout.trimEnd().split("\n"), stderr });
      },
    );
  });
}

test("the last line sums up all suites", async (t) => {
  const { code, lines } = await runTests(t, {
    "test/unit/a.test.ts": PASSES,
    "test/unit/deep/b.test.ts": PASSES,
    "test/contract/c.test.ts": PASSES,
  });
  assert.equal(lines.at(-1), "3 passed, 0 failed");
  assert.equal(code, 0);
});

test("one failed test fails the run", async (t) => {
  const { code, lines } = await runTests(t, {
    "test/unit/a.test.ts": FAILS,
    "test/contract/b.test.ts": PASSES,
  });
  assert.equal(lines.at(-1), "1 passed, 1 failed");
  assert.equal(code, 1);
});

test("a file that does not load counts as failed", async (t) => {
  const { code, lines } = await runTests(t, { "test/unit/a.test.ts": `import "./gone.ts";` });
  assert.equal(lines.at(-1), "0 passed, 1 failed");
  assert.equal(code, 1);
});

test("a file that holds no test counts as failed", async (t) => {
  const { code, lines } = await runTests(t, { "test/unit/a.test.ts": "export {};" });
  assert.ok(lines.includes("✖ test/unit/a.test.ts holds no test"));
  assert.equal(lines.at(-1), "0 passed, 1 failed");
  assert.equal(code, 1);
});

test("a skipped test is counted and fails the run", async (t) => {
  const skips = `import { test } from "node:test"; test("later", (t) => t.skip());`;
  const { code, lines } = await runTests(t, {
    "test/unit/a.test.ts": PASSES,
    "test/unit/b.test.ts": skips,
  });
  assert.equal(lines.at(-1), "1 passed, 0 failed, 1 skipped");
  assert.equal(code, 1);
});

test("a run without any test fails", async (t) => {
  const { code, lines } = await runTests(t, {});
  assert.deepEqual(lines, ["no test ran", "0 passed, 0 failed"]);
  assert.equal(code, 1);
});

test("a file that leaves a timer behind fails and is told so", async (t) => {
  const leaves = `import { test } from "node:test"; test("leaves", () => { setInterval(() => {}, 1000); });`;
  const { code, lines } = await runTests(t, { "test/unit/a.test.ts": leaves });
  assert.match(
    lines.join("\n"),
    /all tests have ended, but the process goes on because of: Timeout/,
  );
  assert.equal(lines.at(-1), "1 passed, 1 failed");
  assert.equal(code, 1);
});

const TWO = {
  "test/unit/a.test.ts": PASSES,
  "test/unit/b.test.ts": FAILS,
  "test/contract/c.test.ts": FAILS,
};

for (const wanted of ["test/unit/a.test.ts", "test/unit/a*"]) {
  test(`only the wanted files run: ${wanted}`, async (t) => {
    const { code, lines } = await runTests(t, TWO, [wanted]);
    assert.equal(lines.at(-1), "1 passed, 0 failed");
    assert.equal(code, 0);
  });
}

test("a suite can be named, or its folder", async (t) => {
  for (const wanted of ["unit", "test/unit"]) {
    const { lines } = await runTests(t, TWO, [wanted]);
    assert.equal(lines.at(-1), "1 passed, 1 failed");
  }
});

test("a name picks tests", async (t) => {
  const { code, lines } = await runTests(t, TWO, ["unit", "--name", "passes"]);
  assert.equal(lines.at(-1), "1 passed, 0 failed");
  assert.equal(code, 0);
});

test("a misspelt suite is an error that names the suites", async (t) => {
  const { code, lines, stderr } = await runTests(t, TWO, ["units"]);
  assert.equal(code, 1);
  assert.deepEqual(lines, [""]);
  assert.match(stderr, /^molimoli: no test is called "units"; name a suite \(unit, service, /);
});

test("an unknown option is an error that points to --help", async (t) => {
  const { code, stderr } = await runTests(t, TWO, ["--fast"]);
  assert.equal(code, 1);
  assert.match(stderr, /^molimoli: Unknown option '--fast'.*npm test -- --help/);
});

/** Where no server of a cluster is installed. */
async function nothingInstalled(t: TestContext) {
  return { PATH: await tempDir(t), SYSTEM_PACKAGES: "off" };
}

const USES_SERVERS = `import "../support/cluster.ts";\n${FAILS}`;

for (const file of ["test/cluster/a.test.ts", "test/fault/a.test.ts"]) {
  test(`without the servers of a cluster a run with ${file} fails and names what is missing`, async (t) => {
    const files = { [file]: USES_SERVERS, "test/unit/a.test.ts": PASSES };
    const { code, lines, stderr } = await runTests(t, files, undefined, await nothingInstalled(t));
    assert.equal(code, 1);
    assert.deepEqual(lines, [""]);
    // MariaDB and NATS are found beyond the PATH where they are installed.
    assert.match(
      stderr,
      /^molimoli: a cluster and its tests need (mariadb-server, )?redis-server(, nats-server)? and etcd-server, which are not installed: get them with "apt-get install .*\n$/,
    );
  });
}

test("--embedded leaves out what needs the servers of a cluster, and says so", async (t) => {
  const files = {
    "test/unit/a.test.ts": PASSES,
    "test/cluster/b.test.ts": FAILS,
    "test/fault/c.test.ts": PASSES,
    "test/fault/d.test.ts": USES_SERVERS,
  };
  const args = ["--no-check", "--embedded"];
  const { code, lines } = await runTests(t, files, args, await nothingInstalled(t));
  assert.equal(
    lines[0],
    "--embedded leaves out 2 test files that need MariaDB, Redis, NATS or etcd",
  );
  assert.equal(lines.at(-1), "2 passed, 0 failed");
  assert.equal(code, 0);
});

test("--embedded with nothing but what it leaves out fails", async (t) => {
  const files = { "test/cluster/a.test.ts": PASSES };
  const { code, lines } = await runTests(t, files, ["cluster", "--embedded"]);
  assert.equal(lines.at(-1), "0 passed, 0 failed");
  assert.equal(code, 1);
});

test("files that are to be started first exist", () => {
  for (const { name, first = [] } of SUITES)
    for (const file of first)
      assert.ok(existsSync(join(SCRIPTS, "..", "test", name, `${file}.test.ts`)), file);
});
