import { hash } from "node:crypto";
import { BeaconError } from "./beacon.ts";

/** One round of an unchained chain with signatures on G1, as relays give it. */
export interface Round {
  round: number;
  /** SHA-256 of the signature, hex. */
  randomness: string;
  /** 48 bytes, hex. */
  signature: string;
}

/** An answer has some 200 bytes. */
const MOST_BYTES = 4096;

/**
 * Asks a relay for a round and holds the answer against everything but the chain's key.
 *
 * @param relay its address, with or without the chain's hash at the end
 * @throws BeaconError `forged` for another round, or randomness that is not the signature's
 * @throws Error when it does not answer, or not with a round
 */
export async function fetchRound(
  relay: string,
  chainHash: string,
  round: number,
  signal: AbortSignal,
): Promise<Round> {
  const base = relay.replace(/\/+$/, "");
  const chain = base.endsWith(`/${chainHash}`) ? base : `${base}/${chainHash}`;
  const response = await fetch(`${chain}/public/${round}`, { signal, redirect: "error" });
  const text = await shortBody(response);
  if (!response.ok) throw new Error(`status ${response.status}`);

  const answer = parseRound(text);
  if (answer.round !== round)
    throw new BeaconError("forged", `asked for round ${round}, got round ${answer.round}`);
  if (hash("sha256", Buffer.from(answer.signature, "hex")) !== answer.randomness)
    throw new BeaconError("forged", "the randomness is not the signature's");
  return answer;
}

function parseRound(text: string): Round {
  let answer: Partial<Record<keyof Round, unknown>> | null;
  try {
    answer = JSON.parse(text);
  } catch {
    throw new Error("the answer is not JSON");
  }
  const { round, randomness, signature } = answer ?? {};
  if (
    typeof round !== "number" ||
    typeof randomness !== "string" ||
    typeof signature !== "string" ||
    !/^[0-9a-f]{64}$/.test(randomness) ||
    !/^[0-9a-f]{96}$/.test(signature)
  )
    throw new Error("the answer is not a round");
  return { round, randomness, signature };
}

async function shortBody(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    // Leaving the loop cancels the rest.
    if (size > MOST_BYTES) throw new Error(`the answer is longer than ${MOST_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
