import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Servers, StackPlan } from "../../scripts/stack/plan.ts";
import { unexpected } from "../../scripts/stack/server-process.ts";
import { Stack } from "../../scripts/stack/stack.ts";
import { type CleanupScope, cleanUp } from "./cleanup.ts";

export type StartedStack<Plan extends StackPlan> = Servers<Plan> & {
  /** What a node needs in its environment to use these servers. */
  env: Readonly<Record<string, string>>;
};

/**
 * Starts real servers on free ports, with their data in a throw-away folder; when the test ends,
 * however that ends, nothing of them is left. One that dies without being told to by its kill() or
 * stop() fails the test.
 *
 * @throws Failure when a server's program is not installed
 */
export async function startStack<const Plan extends StackPlan>(
  t: CleanupScope,
  plan: Plan,
): Promise<StartedStack<Plan>> {
  const path = await mkdtemp(join(tmpdir(), "molimoli-test-stack-"));
  const stack = await Stack.prepare(plan, { path, throwAway: true });
  let problem: Error | undefined;
  stack.death.then((death) => {
    problem = unexpected(death);
  });
  cleanUp(t, async () => {
    await stack.kill();
    if (problem !== undefined) throw problem;
  });
  await stack.start();
  return { ...stack.servers, env: stack.env };
}
