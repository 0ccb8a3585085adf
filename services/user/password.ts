import { type Argon2Parameters, argon2, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

/**
 * Passwords as argon2id in the PHC string format,
 * `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>`, with base64 that has no padding.
 */

/** OWASP's choice for argon2id: 19 MiB, two passes, one lane. */
const COST = { memory: 19_456, passes: 2, parallelism: 1 };
const HASH_BYTES = 32;
export const SALT_BYTES = 16;

/** Runs on a thread of libuv's pool, not on the event loop. */
const derive = promisify(argon2) as (
  algorithm: "argon2id",
  parameters: Argon2Parameters,
) => Promise<Buffer>;

const PHC =
  /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{16,86})$/;

/** The string to keep for a password. `salt` is 16 random bytes, never used before. */
export async function hashPassword(password: string, salt: Uint8Array): Promise<string> {
  const hash = await derive("argon2id", {
    message: password,
    nonce: salt,
    tagLength: HASH_BYTES,
    ...COST,
  });
  return format(salt, hash);
}

/**
 * Whether `password` is the one kept as `phc`, at the cost that `phc` names.
 *
 * @throws Error when `phc` is no argon2id string of this form
 */
export async function verifyPassword(phc: string, password: string): Promise<boolean> {
  const parts = PHC.exec(phc);
  if (parts === null) throw new Error("The stored password is no argon2id string.");
  const [, memory, passes, parallelism, salt = "", hash = ""] = parts;
  const expected = Buffer.from(hash, "base64");
  const actual = await derive("argon2id", {
    message: password,
    nonce: Buffer.from(salt, "base64"),
    tagLength: expected.length,
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
  });
  return timingSafeEqual(actual, expected);
}

/** Looks like a kept password and costs as much to check, but no password is known to match. */
export function decoy(random: Uint8Array): string {
  return format(random.subarray(0, SALT_BYTES), random.subarray(SALT_BYTES));
}

/** Bytes of randomness that {@link decoy} takes. */
export const DECOY_BYTES = SALT_BYTES + HASH_BYTES;

function format(salt: Uint8Array, hash: Uint8Array): string {
  const { memory, passes, parallelism } = COST;
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${unpadded(salt)}$${unpadded(hash)}`;
}

function unpadded(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64").replaceAll("=", "");
}
