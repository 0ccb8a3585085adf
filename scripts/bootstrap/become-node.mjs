import { spawn } from "node:child_process";
import { constants } from "node:os";
import { delimiter, dirname } from "node:path";

const FORWARDED = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);

/**
 * Goes on as `node ...args`: in this very process where Node can do that, else as a child whose
 * signals, terminal and exit code are passed through.
 *
 * @param {string} node the binary to run
 * @param {string[]} args
 */
export function becomeNode(node, args) {
  const env = { ...process.env, PATH: [dirname(node), process.env.PATH].join(delimiter) };
  if (process.execve) {
    // Node calls execve experimental; nobody who starts the server needs to read that.
    process.emitWarning = () => {};
    process.execve(node, [node, ...args], env);
  }

  const child = spawn(node, args, { stdio: "inherit", env });
  const hasTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  for (const signal of FORWARDED) {
    process.on(signal, () => {
      // Ctrl-C reaches the child from the terminal; a second SIGINT would mean "at once".
      if (signal !== "SIGINT" || !hasTerminal) child.kill(signal);
    });
  }
  child.on("error", (error) => {
    console.error(`molimoli: cannot run ${node}: ${error.message}`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => {
    process.exit(signal ? 128 + constants.signals[signal] : (code ?? 1));
  });
}
