import { stripVTControlCharacters } from "node:util";
import type { Server } from "./server.ts";
import { waitFor } from "./wait-for.ts";

/**
 * Calls an action as an operator does at the console of a server that was started with one.
 *
 * @returns what the console printed as its answer
 */
export async function callAtConsole(server: Server, action: string): Promise<string> {
  const { child, output } = server.process;
  const before = output().length;
  child.stdin?.write(`call ${action}\n`);
  return waitFor(() => /Response:\s*(\{.*\n\})/s.exec(answered(output(), before))?.[1], {
    message: `the console to answer ${action}`,
    timeoutMs: 10_000,
  });
}

function answered(output: string, from: number): string {
  return stripVTControlCharacters(output.slice(from));
}
