import { parentPort, workerData } from "node:worker_threads";
import { type ChainClient, type ChainInfo, fetchBeacon } from "drand-client";
import type { Round } from "./drand-relay.ts";

const { chain, round } = workerData as { chain: ChainInfo; round: Round };

/** Answers what was fetched before, and knows the chain without asking anybody. */
const client: ChainClient = {
  options: { disableBeaconVerification: false, noCache: false },
  chain: () => ({ baseUrl: "", info: async () => chain }),
  get: async () => round,
  latest: async () => round,
};

try {
  await fetchBeacon(client, round.round);
  parentPort?.postMessage(true);
} catch {
  // A signature that is no point of the curve throws; it is as wrong as any other.
  parentPort?.postMessage(false);
}
