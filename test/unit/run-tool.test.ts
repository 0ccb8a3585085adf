import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { runTool, type ToolRun } from "../../lib/run-tool.ts";
import { isAlive } from "../support/is-alive.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

/** This very node, running a line of JavaScript. */
const script = (code: string, more: Partial<ToolRun> = {}): ToolRun => ({
  command: process.execPath,
  args: ["-e", code],
  timeoutMs: 30_000,
  maxOutput: 1_000_000,
  ...more,
});

describe("a program that is run", () => {
  it("answers what it wrote", async () => {
    const output = await runTool(script("process.stdout.write('x'.repeat(200_000))"));
    assert.equal(output.length, 200_000);
  });

  it("that fails says what it complained of, to the log", async () => {
    const run = runTool(script("console.error('no such film'); process.exit(3)"));
    await assert.rejects(run, (error: { problem: string; detail: string }) => {
      assert.equal(error.problem, "failed");
      assert.match(error.detail, /no such film/);
      return true;
    });
  });

  it("that is not installed is missing", async () => {
    const run = runTool({ ...script(""), command: "no-such-program-here" });
    await assert.rejects(run, { problem: "missing" });
  });

  it("that writes without end is killed", async () => {
    const chatter = script("setInterval(() => process.stdout.write('x'.repeat(10_000)), 1)");
    await assert.rejects(runTool({ ...chatter, maxOutput: 50_000 }), {
      problem: "too-much-output",
    });
  });

  it("that takes too long is killed", async () => {
    await assert.rejects(runTool(script("setInterval(() => {}, 1000)", { timeoutMs: 50 })), {
      problem: "timeout",
    });
  });

  it("is gone once it was aborted", async (t) => {
    const file = join(await tempDir(t), "pid");
    const code = `require('node:fs').writeFileSync(${JSON.stringify(file)}, String(process.pid));
      setInterval(() => {}, 1000)`;
    const abort = new AbortController();
    const run = runTool(script(code, { signal: abort.signal }));
    run.catch(() => {});
    const pid = Number(await waitFor(() => readFile(file, "utf8"), { timeoutMs: 30_000 }));
    assert.ok(isAlive(pid));
    abort.abort();
    await assert.rejects(run, { problem: "aborted" });
    assert.ok(!isAlive(pid));
  });

  it("is not even started when it was aborted before", async () => {
    const run = runTool(script("", { signal: AbortSignal.abort() }));
    await assert.rejects(run, { problem: "aborted" });
  });
});
