import { setTimeout as pause } from "node:timers/promises";
import { type Account, type Address, request } from "../show.ts";

/** What the rush has found out about those who wanted to join. */
export interface RushOutcome {
  /** Answered with success, at least once. */
  joined: number[];
  /** Always answered that it is too late. */
  late: number[];
  /** Nobody knows: the answer was lost, or said to try again. */
  unknown: number[];
  /** Answers of any kind. */
  answers: number;
  /** Statuses that have no place here. */
  strange: string[];
}

interface Attempt {
  fate: "joined" | "late" | "unknown" | "strange";
  words: string;
}

/** How many people in a row are late before a client believes that it is over. */
const LATE_ENOUGH = 3;
/** Every one of them joins so many times at once. */
const TIMES = 2;
/** Between one and the next, in ms. */
const PACE_MS = 5;

/**
 * Many clients at once; each lets one person after the other join the same lottery, every one of them
 * several times, from before its end until after it.
 *
 * @param somebody a new person at each call
 * @param outcome what is filled in, so that it can be looked at meanwhile
 */
export async function rush(
  server: Address,
  lotteryId: number,
  clients: number,
  somebody: () => Promise<Account>,
  outcome: RushOutcome,
): Promise<void> {
  await Promise.all(
    Array.from({ length: clients }, () => client(server, lotteryId, somebody, outcome)),
  );
}

async function client(
  server: Address,
  lotteryId: number,
  somebody: () => Promise<Account>,
  outcome: RushOutcome,
): Promise<void> {
  for (let lateInARow = 0; lateInARow < LATE_ENOUGH; await pause(PACE_MS)) {
    const person = await somebody();
    const attempts = await Promise.all(
      Array.from({ length: TIMES }, () => attempt(server, lotteryId, person)),
    );
    outcome.answers += attempts.length;
    for (const { fate, words } of attempts) if (fate === "strange") outcome.strange.push(words);
    const fates = new Set(attempts.map(({ fate }) => fate));
    if (fates.has("joined")) outcome.joined.push(person.userId);
    else if (fates.has("unknown")) outcome.unknown.push(person.userId);
    else if (fates.has("late")) outcome.late.push(person.userId);
    lateInARow = fates.has("late") ? lateInARow + 1 : 0;
  }
}

async function attempt(server: Address, lottery_id: number, person: Account): Promise<Attempt> {
  try {
    const { status, body } = await request(
      server,
      "POST",
      "/lottery/entry",
      { lottery_id },
      person.token,
    );
    const words = `${status} ${JSON.stringify(body)}`;
    if (status === 200) return { fate: "joined", words };
    if (status === 409) return { fate: "late", words };
    return { fate: status === 503 ? "unknown" : "strange", words };
  } catch (error) {
    return { fate: "unknown", words: (error as Error).message };
  }
}
