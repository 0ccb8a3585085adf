import { redisNode } from "./redis-node.ts";
import type { ServerProcess } from "./server-process.ts";
import type { StackFolder } from "./stack-folder.ts";

export async function redis(stack: StackFolder): Promise<ServerProcess> {
  return redisNode({
    name: "Redis",
    folder: stack.of("redis"),
    port: await stack.port("redis"),
    password: stack.secret("redis"),
  });
}
