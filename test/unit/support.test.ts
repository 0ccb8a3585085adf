import assert from "node:assert/strict";
import { access, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { type CleanupScope, cleanUp } from "../support/cleanup.ts";
import { startProcess } from "../support/process.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

/** A scope that ends when the test says so. */
function scope(): CleanupScope & { end(): Promise<void> } {
  const hooks: (() => Promise<void>)[] = [];
  return {
    after: (hook) => void hooks.push(hook),
    end: async () => {
      for (const hook of hooks) await hook();
    },
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test("cleanups run last to first, also after one that threw", async () => {
  const t = scope();
  const ran: string[] = [];
  cleanUp(t, () => ran.push("first"));
  cleanUp(t, () => {
    throw new Error("broken clean-up");
  });
  cleanUp(t, () => ran.push("last"));

  await assert.rejects(t.end(), /broken clean-up/);
  assert.deepEqual(ran, ["last", "first"]);
});

test("a temp folder is gone with its content when its test ends", async () => {
  const t = scope();
  const path = await tempDir(t);
  await writeFile(join(path, "file"), "content");
  await t.end();
  await assert.rejects(access(path), { code: "ENOENT" });
});

test("waitFor answers what the condition answered", async () => {
  let looks = 0;
  const found = await waitFor(() => (++looks < 3 ? undefined : { looks }));
  assert.deepEqual(found, { looks: 3 });
});

test("waitFor says what it waited for and what the condition threw", async () => {
  const wait = waitFor(
    () => {
      throw new Error("no room yet");
    },
    { timeoutMs: 20, message: "the room to be live" },
  );
  await assert.rejects(wait, (error: Error) => {
    assert.match(error.message, /waited 20 ms in vain for the room to be live/);
    assert.match(String(error.cause), /no room yet/);
    return true;
  });
});

test("a process is handed over when its output says it is ready", async (t) => {
  const server = await startProcess(t, {
    command: process.execPath,
    args: ["-e", "console.log('listening'); setInterval(() => {}, 1000)"],
    ready: /listening/,
  });
  assert.match(server.output(), /listening/);
  assert.deepEqual(await server.stop("SIGINT"), { code: null, signal: "SIGINT" });
});

test("a process does not outlive its test", async () => {
  const t = scope();
  const { child } = await startProcess(t, {
    command: process.execPath,
    args: ["-e", "console.log('up'); setInterval(() => {}, 1000)"],
    ready: (output) => output.includes("up"),
  });
  assert.ok(child.pid && isAlive(child.pid));
  await t.end();
  assert.ok(!isAlive(child.pid));
});

test("a process does not outlive a test file that is ended by a signal", async (t) => {
  const support = new URL("../support/process.ts", import.meta.url);
  const file = await startProcess(t, {
    command: process.execPath,
    args: [
      "--input-type=module",
      "-e",
      `import { startProcess } from "${support}";
       const args = ["-e", "setInterval(() => {}, 1000)"];
       const { child } = await startProcess({ after() {} }, { command: process.execPath, args });
       console.log("child", child.pid, "is up");`,
    ],
    ready: /is up/,
  });
  const pid = Number(/child (\d+)/.exec(file.output())?.[1]);
  assert.ok(isAlive(pid));
  await file.stop("SIGTERM");
  await waitFor(() => !isAlive(pid), { message: "the child to be gone" });
});

test("a process that ends before it is ready fails with what it wrote", async (t) => {
  const start = startProcess(t, {
    command: process.execPath,
    args: ["-e", "console.error('port taken'); process.exit(3)"],
    ready: /listening/,
  });
  await assert.rejects(start, /exit code 3.*port taken/s);
});

test("a command that does not exist is an error, not a hang", async (t) => {
  await assert.rejects(startProcess(t, { command: "molimoli-no-such-command" }), {
    code: "ENOENT",
  });
});
