import type { NewGift } from "../../contracts/lottery.ts";
import { ApiError, type LiveApi, type Said } from "../lib/live-api.ts";
import { followRoom } from "../lib/room-stream.ts";
import type { Account } from "./account.ts";

/** After a failure that says nothing about a better time, in ms. */
const LULL_MS = 5_000;

/** One account that talks and watches, as a client would. */
export class Bot {
  readonly account: Account;
  private readonly api: LiveApi;
  private silentUntilMs = 0;
  private leaving: AbortController | null = null;

  constructor(api: LiveApi, account: Account) {
    this.api = api;
    this.account = account;
  }

  get isWatching(): boolean {
    return this.leaving !== null;
  }

  /** Whether the server wants to hear nothing from this one at the moment. */
  isSilent(nowMs: number): boolean {
    return nowMs < this.silentUntilMs;
  }

  /**
   * Says something. What is refused is not said again, the moment for it is over; but whoever was
   * told to wait (`Retry-After`) or was muted keeps silent until then.
   *
   * @returns false when the show is over
   */
  async say(liveId: number, said: Said, signal: AbortSignal): Promise<boolean> {
    try {
      await this.api.send(await this.account.token(), liveId, said, signal);
    } catch (error) {
      if (error instanceof ApiError) {
        if (error.is("ROOM_NOT_LIVE")) return false;
        this.silentUntilMs = mayTalkAt(error, Date.now());
      } else {
        this.silentUntilMs = Date.now() + LULL_MS;
      }
    }
    return true;
  }

  /** Holds a lottery in one's room; answers its id, or null when that is not possible now. */
  async hold(gift: NewGift, keyword: string | null, signal: AbortSignal): Promise<number | null> {
    try {
      return await this.api.holdLottery(await this.account.token(), gift, keyword, signal);
    } catch {
      return null;
    }
  }

  /** Joins a lottery, if it may. */
  async join(lotteryId: number, signal: AbortSignal): Promise<void> {
    try {
      await this.api.joinLottery(await this.account.token(), lotteryId, signal);
    } catch {
      // Luck next time.
    }
  }

  /** Watches until {@link leave} or `signal`. Never throws. */
  async watch(liveId: number, signal: AbortSignal): Promise<void> {
    if (this.leaving !== null) return;
    const leaving = new AbortController();
    this.leaving = leaving;
    try {
      const news = followRoom({
        base: this.api.base,
        liveId,
        token: () => this.account.token(),
        signal: AbortSignal.any([signal, leaving.signal]),
        random: Math.random,
      });
      for await (const _ of news);
    } catch {
      // A bot that is not let in comes again when it is its turn.
    } finally {
      this.leaving = null;
    }
  }

  leave(): void {
    this.leaving?.abort();
  }
}

function mayTalkAt(error: ApiError, nowMs: number): number {
  const until = error.data?.until;
  if (error.is("MUTED") && typeof until === "number") return until * 1000;
  return nowMs + (error.retryAfterMs ?? LULL_MS);
}
