import { Worker } from "node:worker_threads";
import type { ChainInfo } from "drand-client";
import type { Round } from "./drand-relay.ts";

/**
 * Whether a round carries the signature of the chain's key. Two pairings take 50 ms, which is why
 * they are computed on a thread; rounds are too rare to keep one.
 *
 * @throws Error when the thread dies
 */
export async function isGenuine(chain: ChainInfo, round: Round): Promise<boolean> {
  const worker = new Worker(new URL("./drand-worker.ts", import.meta.url), {
    name: "lottery-beacon",
    workerData: { chain, round },
  });
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  worker.once("message", resolve);
  worker.once("error", reject);
  worker.once("exit", (code) => reject(new Error(`the verifying thread died: exit code ${code}`)));
  return promise;
}
