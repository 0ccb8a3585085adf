import type { Params, Result } from "../../contracts/actions.ts";
import { errorName, fail } from "../../contracts/errors.ts";
import type { Gift, LotteryWinner, Prize } from "../../contracts/lottery.ts";
import type { Caller } from "../../contracts/objects.ts";
import type { RoomCard } from "../../contracts/room-actions.ts";
import { createLru, type Lru } from "../../lib/lru.ts";
import type { WordFilter } from "../../lib/word-filter.ts";
import type { Beacon } from "./beacon.ts";
import { introduction } from "./course.ts";
import type { EntryStore } from "./entry-store.ts";
import { commitmentOf, SEED_BYTES } from "./fairness.ts";
import {
  closedBecause,
  type Lottery,
  type NewLottery,
  requireDrawn,
  requireOwner,
  type Terms,
  toGift,
  toPromise,
  toProof,
} from "./lottery.ts";
import type { LotteryStore } from "./lottery-store.ts";
import { conditionOf, MAX_OPEN, prizeOf, requireEnd, requireStage } from "./new-lottery.ts";
import type { WinnerStore } from "./winner-store.ts";

export interface LotteriesPorts {
  lotteries: LotteryStore;
  entries: Pick<EntryStore, "count" | "page">;
  winners: WinnerStore;
  beacon: Beacon;
  announce(message: Params<"push.announce">): Promise<unknown>;
  /** An id between what was accepted in a room so far and what will be. */
  fence(liveId: number): Promise<number>;
  newId(): number;
  now(): number;
  random(bytes: number): Buffer;
}

/** How long whoever created a lottery has to tell the room, before others do, in ms. */
const INTRODUCE_MS = 2_000;
/** How old the number of entrants may be that is shown while a lottery is open, in ms. */
const COUNT_MS = 1_000;
const REMEMBERED = 2_000;

/** Lotteries, as people see and change them. */
export class Lotteries {
  readonly #ports: LotteriesPorts;
  /** What never changes, of lotteries that many join. */
  readonly #terms: Lru<number, Terms> = createLru({ max: REMEMBERED });
  /** Everybody who asks within a second gets the same count: counting a million takes a while. */
  readonly #counts: Lru<number, Promise<number>> = createLru({ max: REMEMBERED });

  constructor(ports: LotteriesPorts) {
    this.#ports = ports;
  }

  /**
   * Creates a lottery in an owner's room, and tells the room.
   *
   * @throws ProductError NO_ROOM_RIGHT, ROOM_NOT_LIVE, BAD_REQUEST, CONTENT_REFUSED
   */
  async create(
    asked: Params<"lottery.create">,
    { owner, room, words }: { owner: Caller; room: RoomCard; words: WordFilter },
  ): Promise<number> {
    const { lotteries, beacon, fence, newId, now, random } = this.#ports;
    const { gift, options = {} } = asked;
    const create_ms = now();
    requireStage(room, owner.user_id);
    requireEnd(gift.end_time, create_ms);
    const condition = conditionOf(asked.condition, words);
    const prize = prizeOf(gift.gift, words);
    if ((await lotteries.countOpen(gift.live_id)) >= MAX_OPEN)
      fail("TOO_MANY_LOTTERIES", { most: MAX_OPEN });
    const seed = random(SEED_BYTES).toString("hex");
    const lottery: NewLottery = {
      id: newId(),
      live_id: gift.live_id,
      owner_id: owner.user_id,
      prize,
      places: gift.count,
      create_ms,
      end_time: gift.end_time,
      condition,
      at_show_end: options.at_show_end ?? "cancel",
      blocked: [...new Set(options.blocked)],
      after_lotteries: await lotteries.lastDrawn(owner.user_id, options.exclude_last ?? 0),
      min_account_age: options.min_account_age ?? 0,
      seed,
      scanned: condition.kind === "keyword" ? await fence(gift.live_id) : 0,
      commitment: commitmentOf(seed),
      beacon_round: beacon.roundAfter(gift.end_time),
      due_ms: create_ms + INTRODUCE_MS,
    };
    await lotteries.insert(lottery);
    await this.#introduce(lottery);
    return lottery.id;
  }

  /** What nobody can change any more, also of a lottery that is over. @throws LOTTERY_NOT_FOUND */
  async terms(id: number): Promise<Terms> {
    return this.#terms.get(id, 0) ?? (await this.#find(id));
  }

  /** Says why nobody can join. @throws ProductError LOTTERY_CLOSED, always */
  async refuseEntry(id: number): Promise<never> {
    const lottery = await this.#find(id);
    return fail("LOTTERY_CLOSED", closedBecause(lottery, this.#ports.now()));
  }

  async single(id: number): Promise<Gift> {
    const lottery = await this.#find(id);
    const won = lottery.status === "drawn" ? await this.#ports.winners.ids(id) : [];
    return toGift(lottery, await this.#entrants(lottery), won);
  }

  async ofRoom(liveId: number, before: number, limit: number): Promise<Gift[]> {
    const found = await this.#ports.lotteries.ofRoom(liveId, before, limit);
    const drawn = found.filter(({ status }) => status === "drawn").map(({ id }) => id);
    const won = drawn.length === 0 ? new Map() : await this.#ports.winners.idsOf(drawn);
    const gifts: Gift[] = [];
    for (const lottery of found)
      gifts.push(toGift(lottery, await this.#entrants(lottery), won.get(lottery.id) ?? []));
    return gifts;
  }

  /** @throws ProductError LOTTERY_NOT_FOUND, NO_ROOM_RIGHT, LOTTERY_CLOSED */
  async cancel(id: number, owner: Caller): Promise<void> {
    const { lotteries, now } = this.#ports;
    requireOwner(await this.terms(id), owner.user_id);
    if (!(await lotteries.cancel(id, "owner", now()))) await this.refuseEntry(id);
  }

  /** Closes a lottery now; its draw follows. @throws as {@link cancel} */
  async close(id: number, owner: Caller): Promise<void> {
    const { lotteries, now } = this.#ports;
    requireOwner(await this.terms(id), owner.user_id);
    if (!(await lotteries.close(id, now()))) await this.refuseEntry(id);
  }

  async proof(id: number): Promise<Result<"lottery.proof">> {
    const lottery = await this.#find(id);
    if (lottery.status !== "drawn") return toPromise(lottery);
    const seed = (await this.#ports.lotteries.findSeed(id)) ?? fail("LOTTERY_NOT_FOUND");
    return toProof(lottery, seed, await this.#ports.winners.ids(id));
  }

  /** @throws ProductError LOTTERY_NOT_DRAWN: before, the list may still change */
  async entrants(id: number, after: number, limit: number): Promise<Result<"lottery.entrants">> {
    requireDrawn(await this.#find(id));
    const ids = await this.#ports.entries.page(id, after, limit);
    const last = ids.at(-1);
    const isLast = last === undefined || ids.length < limit;
    return { ids, next_url: isLast ? null : `entrants?id=${id}&after=${last}&limit=${limit}` };
  }

  /** @throws ProductError LOTTERY_NOT_FOUND, NO_ROOM_RIGHT, LOTTERY_NOT_DRAWN */
  async winners(id: number, owner: Caller): Promise<LotteryWinner[]> {
    const lottery = await this.#find(id);
    requireOwner(lottery, owner.user_id);
    requireDrawn(lottery);
    return this.#ports.winners.list(id);
  }

  prizes(userId: number, before: number, limit: number): Promise<Prize[]> {
    return this.#ports.winners.prizes(userId, before, limit);
  }

  /** Lets a winner say how to be reached. @throws ProductError LOTTERY_NOT_FOUND, NOT_A_WINNER */
  async claim(id: number, userId: number, contact: string): Promise<void> {
    const { status } = await this.#find(id);
    const claimTime = Math.floor(this.#ports.now() / 1000);
    const won =
      status === "drawn" && (await this.#ports.winners.claim(id, userId, contact, claimTime));
    if (!won) fail("NOT_A_WINNER");
  }

  async #find(id: number): Promise<Lottery> {
    const lottery = (await this.#ports.lotteries.find(id)) ?? fail("LOTTERY_NOT_FOUND");
    this.#terms.set(id, lottery);
    return lottery;
  }

  /** A room that cannot be told now is told later, by whoever finds the lottery due. */
  async #introduce(lottery: NewLottery): Promise<void> {
    const { lotteries, announce, now } = this.#ports;
    try {
      await announce(introduction(lottery));
    } catch (error) {
      if (errorName(error) !== "ROOM_NOT_LIVE") return;
      await lotteries.cancel(lottery.id, "show_ended", now());
      fail("ROOM_NOT_LIVE");
    }
    const isKeyword = lottery.condition.kind === "keyword";
    await lotteries.introduced(lottery.id, isKeyword ? now() : lottery.end_time * 1000);
  }

  #entrants(lottery: Lottery): Promise<number> {
    const { id, status, entrants } = lottery;
    if (status === "drawn") return Promise.resolve(entrants);
    const now = this.#ports.now();
    const known = this.#counts.get(id, now);
    if (known !== undefined) return known;
    const counted = this.#ports.entries.count(id);
    this.#counts.set(id, counted, now + COUNT_MS, now);
    counted.catch(() => this.#counts.delete(id));
    return counted;
  }
}
