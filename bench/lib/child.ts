import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";

/**
 * A process of the bench's own, driven by messages: each request is answered by one message of the
 * same kind.
 */
export class Child {
  readonly process: ChildProcess;
  private readonly waiting = new Map<string, PromiseWithResolvers<unknown>>();

  constructor(file: string, execArgv: string[] = []) {
    this.process = fork(join(import.meta.dirname, "..", file), { execArgv });
    this.process.on("message", (message: { kind: string; error?: string; value?: unknown }) => {
      const request = this.waiting.get(message.kind);
      this.waiting.delete(message.kind);
      if (message.error !== undefined) request?.reject(new Error(`${file}: ${message.error}`));
      else request?.resolve(message.value);
    });
    this.process.on("exit", (code) => {
      for (const request of this.waiting.values())
        request.reject(new Error(`${file} ended with code ${code}`));
    });
  }

  get pid(): number {
    return this.process.pid as number;
  }

  ask<T>(kind: string, value: unknown = null): Promise<T> {
    const answer = Promise.withResolvers<unknown>();
    this.waiting.set(kind, answer);
    this.process.send({ kind, value });
    return answer.promise as Promise<T>;
  }

  stop(): void {
    this.process.kill("SIGKILL");
  }
}

/** In the child: answers requests by kind. */
export function serveRequests(handlers: Record<string, (value: never) => unknown>): void {
  process.on("message", async ({ kind, value }: { kind: string; value: never }) => {
    try {
      process.send?.({ kind, value: (await handlers[kind]?.(value)) ?? null });
    } catch (error) {
      process.send?.({ kind, error: String((error as Error).stack ?? error) });
    }
  });
  process.on("disconnect", () => process.exit());
}
