import assert from "node:assert/strict";
import { signAccessToken } from "../../../lib/token.ts";
import { parseProof, readEntrants, verify } from "../../../scripts/verify-lottery.ts";
import { type Account, type Address, ask, type Show } from "../show.ts";

const TOKEN_SECONDS = 3_600;

/** What everybody can note down while a lottery is open. */
export interface Noted {
  id: number;
  count: number;
  commitment: string;
}

/** Somebody who has a token and no account, which would take longer to make than all they do. */
export async function person(jwtSecret: string, userId: number): Promise<Account> {
  const name = `entrant_${userId}`;
  const caller = { user_id: userId, username: name, session_id: userId };
  const key = Buffer.from(jwtSecret);
  const token = await signAccessToken(key, caller, Date.now(), TOKEN_SECONDS);
  return { name, userId, token };
}

/** @param endTime Unix seconds */
export async function createLottery(
  server: Address,
  { liveId, owner }: Show,
  count: number,
  endTime: number,
): Promise<Noted> {
  const gift = { live_id: liveId, gift: "明信片 postcard", count, end_time: endTime };
  const { id } = await ask<{ id: number }>(server, "POST", "/lottery", { gift }, owner.token);
  const path = `/lottery/single?id=${id}`;
  const single = await ask<{ gift: { commitment: string } }>(server, "GET", path);
  return { id, count, commitment: single.gift.commitment };
}

/**
 * Recomputes a draw as anybody can, from what the server publishes and what was noted before.
 *
 * @returns who took part and who won
 * @throws Unproven
 */
export async function proven(
  server: Address,
  { id, count, commitment }: Noted,
): Promise<{ entrants: number[]; winners: number[] }> {
  const at = new URL(`/lottery/proof?id=${id}`, server.url);
  const proof = parseProof(await ask(server, "GET", `${at.pathname}${at.search}`));
  assert.equal(proof.lottery_id, id);
  const entrants = await Array.fromAsync(readEntrants(new URL(proof.entrants_url, at)));
  const noBeacon = () => assert.fail("there is no beacon here");
  const { winners } = await verify(proof, entrants, noBeacon, { count, commitment });
  return { entrants, winners };
}

/** Runs all pieces of work, so many at a time. */
export async function inParallel<T>(
  atOnce: number,
  work: readonly (() => Promise<T>)[],
): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const worker = async () => {
    while (next < work.length) {
      const n = next++;
      results[n] = await (work[n] as () => Promise<T>)();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}
