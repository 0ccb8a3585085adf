import { createHash } from "node:crypto";

/**
 * A refresh token is 32 random bytes in base64url. The first half stays the same for all tokens of
 * one sign-in (the family), the second half is new with each rotation. So one row per sign-in is
 * enough to know the token that is good now, and to recognise every earlier one as used, for ever.
 *
 * Only SHA-256 sums of a token and of its first half are kept. Both halves have 128 bits: nobody
 * guesses a family, and who holds an old token does not guess the present one.
 */
export interface RefreshToken {
  token: string;
  /** Sum of the first half, in base64url (43 characters). */
  familySum: string;
  /** Sum of the whole. */
  sum: string;
}

const HALF = 16;
export const TOKEN_BYTES = 2 * HALF;

/** The first token of a new family, of 32 random bytes. */
export function firstToken(random: Uint8Array): RefreshToken {
  const bytes = Buffer.from(random.subarray(0, TOKEN_BYTES));
  return {
    token: bytes.toString("base64url"),
    familySum: sum(bytes.subarray(0, HALF)),
    sum: sum(bytes),
  };
}

/** The token that follows in the same family, of 16 random bytes. */
export function nextToken(present: RefreshToken, random: Uint8Array): RefreshToken {
  const family = Buffer.from(present.token, "base64url").subarray(0, HALF);
  return firstToken(Buffer.concat([family, random.subarray(0, HALF)]));
}

/** What a client presented, or null when it cannot be a refresh token. */
export function readToken(token: string): RefreshToken | null {
  const bytes = Buffer.from(token, "base64url");
  const isCanonical = bytes.length === TOKEN_BYTES && bytes.toString("base64url") === token;
  return isCanonical ? firstToken(bytes) : null;
}

function sum(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("base64url");
}
