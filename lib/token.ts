import { type CryptoKey, errors as jose, jwtVerify, SignJWT } from "jose";
import { fail } from "../contracts/errors.ts";
import type { Caller } from "../contracts/objects.ts";
import { isId } from "./ids.ts";

const ISSUER = "molimoli";
/** A genuine token is far shorter; nothing longer is worth a hash. */
const MAX_TOKEN_LENGTH = 2048;

/** Imported once per key: importing costs as much as the signature itself. */
const imported = new WeakMap<Uint8Array, Promise<CryptoKey>>();

function hmacKey(key: Uint8Array): Promise<CryptoKey> {
  let known = imported.get(key);
  if (known === undefined) {
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    known = crypto.subtle.importKey("raw", new Uint8Array(key), algorithm, false, [
      "sign",
      "verify",
    ]);
    imported.set(key, known);
  }
  return known;
}

/** When a token that is signed at `nowMs` expires, in Unix ms; tokens count whole seconds. */
export function accessTokenExpiry(nowMs: number, ttlSeconds: number): number {
  return (Math.floor(nowMs / 1000) + ttlSeconds) * 1000;
}

/** Signs a JWT (HS256) that says who is calling, good for `ttlSeconds` from `nowMs`. */
export async function signAccessToken(
  key: Uint8Array,
  caller: Caller,
  nowMs: number,
  ttlSeconds: number,
): Promise<string> {
  return new SignJWT({ name: caller.username, sid: caller.session_id })
    .setProtectedHeader({ alg: "HS256" })
    .setIssuer(ISSUER)
    .setSubject(String(caller.user_id))
    .setIssuedAt(Math.floor(nowMs / 1000))
    .setExpirationTime(accessTokenExpiry(nowMs, ttlSeconds) / 1000)
    .sign(await hmacKey(key));
}

/**
 * Who a token speaks for, and until when. Whether its session was signed out meanwhile is for the
 * caller to check.
 *
 * @throws ProductError TOKEN_EXPIRED for a genuine token whose time is over, TOKEN_INVALID for
 *   anything else that this system did not sign in this form
 */
export async function verifyAccessToken(
  key: Uint8Array,
  token: string,
  nowMs: number,
): Promise<Caller & { expires_ms: number }> {
  if (token.length > MAX_TOKEN_LENGTH) fail("TOKEN_INVALID");
  const claims = await readClaims(await hmacKey(key), token, nowMs);
  const { sub, name, sid, exp } = claims;
  const userId = typeof sub === "string" && /^[1-9]\d{0,15}$/.test(sub) ? Number(sub) : 0;
  if (!isId(userId) || !isId(sid) || typeof name !== "string" || exp === undefined)
    fail("TOKEN_INVALID");
  return { user_id: userId, username: name, session_id: sid, expires_ms: exp * 1000 };
}

async function readClaims(key: CryptoKey, token: string, nowMs: number) {
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: ["HS256"],
      issuer: ISSUER,
      requiredClaims: ["sub", "name", "sid", "iat", "exp"],
      currentDate: new Date(nowMs),
    });
    return payload;
  } catch (error) {
    return fail(error instanceof jose.JWTExpired ? "TOKEN_EXPIRED" : "TOKEN_INVALID");
  }
}
