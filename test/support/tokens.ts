import { createHmac } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Caller } from "../../contracts/objects.ts";
import { signAccessToken } from "../../lib/token.ts";

type Claims = Record<string, unknown>;

/** Signs a token as a server with this data folder does. */
export async function signAs(
  dataDir: string,
  caller: Partial<Caller> = {},
  nowMs = Date.now(),
  ttlSeconds = 60,
): Promise<string> {
  const key = await secretOf(dataDir);
  const whoever = { user_id: 5, username: "a stranger", session_id: 6, ...caller };
  return signAccessToken(key, whoever, nowMs, ttlSeconds);
}

/** Genuine and fresh, but of an account and a session that are not there. */
export function strangerToken(dataDir: string): Promise<string> {
  return signAs(dataDir);
}

/** Genuine, but its time is over. */
export function expiredToken(dataDir: string, caller: Partial<Caller> = {}): Promise<string> {
  return signAs(dataDir, caller, Date.now() - 3_600_000, 60);
}

/** Tokens that this server never signed, made from one that it did, by what is wrong with them. */
export async function forgedTokens(
  dataDir: string,
  genuine: string,
): Promise<Record<string, string>> {
  const [head = "", payload = "", signature = ""] = genuine.split(".");
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as Claims;
  const key = await secretOf(dataDir);
  const hs256 = { alg: "HS256" };
  const sign = (header: object, body: object, by = key, hash = "sha256") => {
    const signed = `${encode(header)}.${encode(body)}`;
    return `${signed}.${createHmac(hash, by).update(signed).digest("base64url")}`;
  };
  const { exp: _, ...endless } = claims;
  return {
    "of algorithm none": `${encode({ alg: "none" })}.${payload}.`,
    "of algorithm none, with a signature": `${encode({ alg: "none" })}.${payload}.${signature}`,
    "without a signature": `${head}.${payload}.`,
    "with other claims": `${head}.${encode({ ...claims, sub: "1" })}.${signature}`,
    "with an altered signature": `${head}.${payload}.${alter(signature)}`,
    "of another hash": sign({ alg: "HS512" }, claims, key, "sha512"),
    "signed by an empty key": sign(hs256, claims, Buffer.alloc(0)),
    "signed by another key": sign(hs256, claims, Buffer.from("x".repeat(48))),
    "of another issuer": sign(hs256, { ...claims, iss: "somebody else" }),
    "that never expires": sign(hs256, endless),
    "without a user": sign(hs256, { ...claims, sub: "" }),
    "of a user who is no number": sign(hs256, { ...claims, sub: "1e3" }),
    "of a session that is no id": sign(hs256, { ...claims, sid: "1" }),
    "that is not there yet": sign(hs256, { ...claims, nbf: Date.now() }),
    "of two parts": `${head}.${payload}`,
    "of four parts": `${genuine}.x`,
    "that is no token": "x",
    "that is no JSON": "bm8.bm8.bm8",
    "longer than any": "x".repeat(9_000),
    "that is SQL": "' OR 1=1 --",
  };
}

async function secretOf(dataDir: string): Promise<Buffer> {
  return Buffer.from((await readFile(join(dataDir, "jwt-secret"), "utf8")).trim());
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}

/** Another signature of the same length: the middle decides, the last character has idle bits. */
function alter(signature: string): string {
  const middle = signature.length >> 1;
  const other = signature[middle] === "A" ? "B" : "A";
  return signature.slice(0, middle) + other + signature.slice(middle + 1);
}
