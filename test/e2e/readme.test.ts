import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { type CleanupScope, cleanUp } from "../support/cleanup.ts";
import { blocksOf, type Step, shapeOf, stepsOf } from "../support/readme.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const english = readFileSync(join(ROOT, "README.md"), "utf8");
const chinese = readFileSync(join(ROOT, "README.zh-CN.md"), "utf8");

/** Commands that go on until somebody ends them. */
const ENDLESS = /^(npm start|npm run watch|curl -sN)\b/;
/** Printed after the output of a step, so that its end can be seen. */
const MARK = "<<<the step is done>>>";

test("both languages show the same commands and the same answers", () => {
  assert.deepEqual(blocksOf(chinese), blocksOf(english));
  assert.deepEqual(stepsOf(chinese, "快速上手"), stepsOf(english, "Quick start"));
});

for (const [name, markdown] of [
  ["README.md", english],
  ["README.zh-CN.md", chinese],
] as const) {
  test(`the links of ${name} lead somewhere`, () => {
    const links = [...markdown.matchAll(/\]\(([^)#\s]+)(#[^)\s]+)?\)/g)];
    assert.ok(links.length > 5);
    for (const [, path = "", anchor] of links) {
      assert.ok(existsSync(join(ROOT, path)), path);
      if (anchor !== undefined)
        assert.ok(
          anchorsOf(readFileSync(join(ROOT, path), "utf8")).includes(anchor),
          path + anchor,
        );
    }
  });

  test(`${name} names all commands that there are`, () => {
    const named = [...markdown.matchAll(/`npm (?:run )?([a-z-]+)/g)].map(
      ([, script = ""]) => script,
    );
    assert.deepEqual(new Set(named), new Set(scripts()));
  });
}

/** The names in package.json whose script is there. */
function scripts(): string[] {
  const all: Record<string, string> = JSON.parse(
    readFileSync(join(ROOT, "package.json"), "utf8"),
  ).scripts;
  return Object.keys(all).filter((name) => {
    const script = all[name]
      ?.split(" ")
      .find((word) => /^(scripts|bench|node_modules)\/(?!bootstrap)/.test(word));
    return script !== undefined && existsSync(join(ROOT, script));
  });
}

test("the quick start does what it says, command by command", async (t) => {
  const port = await freePort();
  const shell = openShell(t, {
    PORT: String(port),
    RTMP_PORT: String(await freePort()),
    DATA_DIR: await tempDir(t),
    SYSTEM_PACKAGES: "off",
    LOG_FORMAT: undefined,
    LOG_LEVEL: undefined,
    NO_COLOR: undefined,
  });
  const steps = stepsOf(english, "Quick start");
  assert.ok(steps.length >= 7);
  for (const step of steps) {
    const commands = step.commands.replaceAll("localhost:8080", `localhost:${port}`);
    await perform(shell, { ...step, commands });
  }
});

async function perform(shell: Shell, { commands, output }: Step): Promise<void> {
  const since = shell.output().length;
  const written = () => shell.output().slice(since);
  // What goes on until it is ended goes on in the background, as in a terminal of its own.
  if (ENDLESS.test(commands)) {
    shell.type(`${commands.trim()} &\n`);
    await shows(written, output, commands);
    if (!commands.startsWith("npm start")) shell.type("kill %%; wait %% 2>/dev/null\n");
    return;
  }
  shell.type(`${commands}\necho; echo '${MARK}'\n`);
  await waitFor(() => written().includes(MARK), { timeoutMs: 20_000, message: commands });
  await shows(written, output, commands);
}

/** Waits until what is written is, or holds, what the README says. */
async function shows(written: () => string, output: string | null, what: string): Promise<void> {
  if (output === null) return;
  const expected = shapeOf(output);
  try {
    await waitFor(() => shapeOf(written()).includes(expected), { timeoutMs: 60_000 });
  } catch {
    assert.equal(shapeOf(written()), expected, what);
  }
}

interface Shell {
  type(text: string): void;
  output(): string;
}

/** A shell in a process group of its own, with everything that is started in it. */
function openShell(t: CleanupScope, env: Record<string, string | undefined>): Shell {
  const child: ChildProcess = spawn("bash", ["--norc"], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
    });
  cleanUp(t, () => endGroup(child.pid as number));
  return { type: (text) => void child.stdin?.write(text), output: () => output };
}

async function endGroup(group: number): Promise<void> {
  const signal = (name: NodeJS.Signals | 0): boolean => {
    try {
      return process.kill(-group, name);
    } catch {
      return false;
    }
  };
  signal("SIGTERM");
  const overdue = setTimeout(() => signal("SIGKILL"), 15_000);
  await waitFor(() => !signal(0), { timeoutMs: 20_000, message: "the shell to be gone" });
  clearTimeout(overdue);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

/** The anchors that headings get where Markdown is shown. */
function anchorsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => {
    const words = heading.toLowerCase().replace(/[^\p{L}\p{N}\s-]/gu, "");
    return `#${words.trim().replace(/\s/g, "-")}`;
  });
}
