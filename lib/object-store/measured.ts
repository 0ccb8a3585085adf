import { createHash } from "node:crypto";
import type { StoredObject } from "./object-store.ts";

/** Passes bytes on, and knows how many they were and their SHA-256 when all have passed. */
export function measured(source: AsyncIterable<Uint8Array>): {
  bytes: AsyncGenerator<Uint8Array>;
  result(): StoredObject;
} {
  const hash = createHash("sha256");
  let size = 0;
  async function* pass(): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      if (chunk.byteLength === 0) continue;
      hash.update(chunk);
      size += chunk.byteLength;
      yield chunk;
    }
  }
  return { bytes: pass(), result: () => ({ size, sha256: hash.digest("hex") }) };
}
