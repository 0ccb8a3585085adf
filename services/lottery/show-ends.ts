import type { LotteryStore } from "./lottery-store.ts";

export interface ShowEndsPorts {
  lotteries: Pick<LotteryStore, "showEnded" | "openRooms">;
  isLive(liveId: number): Promise<boolean>;
  /** There is something to draw, or to tell. */
  changed(): void;
  now(): number;
  failed(what: { live_id: number | null }, error: unknown): void;
}

/** How often the rooms of open lotteries are looked at, for ends that nobody heard of. In ms. */
const LOOK_MS = 15_000;
const PAGE = 100;

/** Ends lotteries with their shows, as their owners chose: by the news, and by looking after it. */
export class ShowEnds {
  readonly #ports: ShowEndsPorts;
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(ports: ShowEndsPorts) {
    this.#ports = ports;
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#looking = this.look();
    }, LOOK_MS);
    this.#looking = this.look();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#looking;
  }

  /** A show is over. Any number of nodes may hear so. */
  async ended(live_id: number): Promise<void> {
    const { lotteries, now, changed, failed } = this.#ports;
    try {
      if ((await lotteries.showEnded(live_id, now())) > 0) changed();
    } catch (error) {
      failed({ live_id }, error);
    }
  }

  /** Looks through all rooms that have open lotteries. */
  async look(): Promise<void> {
    const { lotteries, isLive, failed } = this.#ports;
    try {
      for (let after = 0; ; ) {
        const rooms = await lotteries.openRooms(after, PAGE);
        for (const live_id of rooms) {
          if (this.#stopped) return;
          if (!(await isLive(live_id))) await this.ended(live_id);
        }
        const last = rooms.at(-1);
        if (last === undefined || rooms.length < PAGE) return;
        after = last;
      }
    } catch (error) {
      failed({ live_id: null }, error);
    }
  }
}
