import { spawn } from "node:child_process";
import { constants } from "node:os";

const SPINNER = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const SPIN_MS = 100;
/** Without a terminal: how often to say that a long step still goes on. */
const STILL_MS = 20_000;
/** Enough to find out what went wrong. */
const OUTPUT_LIMIT = 64 * 1024;

/** @param {number} since a performance.now() */
const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

/**
 * Runs one command quietly, as one visible step with its time: a spinner on a terminal, plain lines
 * elsewhere. Everything goes to stderr, stdout belongs to the program that follows.
 *
 * @param {string} label what is being done, "Installing 387 packages"
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<{ ok: boolean, output: string }>} never rejects; `output` is the end of what
 *   the command wrote, or why it could not be started
 */
export function step(label, command, args, options = {}) {
  const since = performance.now();
  const stop = process.stderr.isTTY ? spin(label, since) : tell(label, since);

  return new Promise((resolve) => {
    const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    const release = endWith(child);
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (chunk) => {
        output = (output + chunk).slice(-OUTPUT_LIMIT);
      });
    }
    child.on("error", (error) => {
      output += error.message;
    });
    child.on("close", (code) => {
      release();
      stop();
      const ok = code === 0;
      process.stderr.write(`${ok ? "✓" : "✗"} ${label} (${seconds(since)})\n`);
      resolve({ ok, output });
    });
  });
}

/**
 * A signal to this process ends the step too: a half-finished install must not go on unseen.
 *
 * @param {import("node:child_process").ChildProcess} child
 */
function endWith(child) {
  /** @param {NodeJS.Signals} signal */
  const end = (signal) => {
    child.kill(signal);
    child.once("close", () => process.exit(128 + constants.signals[signal]));
  };
  process.on("SIGINT", end).on("SIGTERM", end);
  return () => process.off("SIGINT", end).off("SIGTERM", end);
}

/**
 * @param {string} label
 * @param {number} since
 */
function spin(label, since) {
  let turn = 0;
  const timer = setInterval(() => {
    const mark = SPINNER[turn++ % SPINNER.length];
    process.stderr.write(`\r\x1b[K${mark} ${label} (${seconds(since)})`);
  }, SPIN_MS);
  return () => {
    clearInterval(timer);
    process.stderr.write("\r\x1b[K");
  };
}

/**
 * @param {string} label
 * @param {number} since
 */
function tell(label, since) {
  process.stderr.write(`… ${label}\n`);
  const timer = setInterval(() => {
    process.stderr.write(`… ${label} (${seconds(since)})\n`);
  }, STILL_MS);
  return () => clearInterval(timer);
}
