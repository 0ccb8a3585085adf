import assert from "node:assert/strict";
import { type CleanupScope, cleanUp } from "../cleanup.ts";
import { ask, openShow, type Show } from "../show.ts";
import { Viewer } from "../viewer.ts";
import { waitFor } from "../wait-for.ts";
import { DRAWERS, type DrawingCluster } from "./drawing-cluster.ts";
import { createLottery, inParallel, type Noted, proven } from "./lotteries.ts";

const VIEWERS = 4;
const ENTRANTS = 6;
const AT_ONCE = 16;
/** A slow machine's time for all that has to happen, in ms. */
export const PATIENCE_MS = 60_000;

interface Gift {
  id: number;
  status: string;
  winners: number[];
}

/** A show with many lotteries, people who joined all of them, and people who watch. */
export class Round {
  readonly noted: readonly Noted[];
  readonly #cluster: DrawingCluster;
  readonly #show: Show;
  readonly #viewers: readonly Viewer[];
  readonly #entrants: readonly number[];

  static async prepare(t: CleanupScope, cluster: DrawingCluster, count: number): Promise<Round> {
    const { front } = cluster;
    const show = await openShow(front, 0);
    const viewers = Array.from(
      { length: VIEWERS },
      (_, n) => new Viewer({ port: front.port, liveId: show.liveId, gzip: n % 2 === 1 }),
    );
    cleanUp(t, () => {
      for (const viewer of viewers) viewer.close();
    });
    await Promise.all(viewers.map(({ opened }) => opened));

    // Far ahead: when all of them are due is decided later, however long this takes.
    const endTime = Math.floor(Date.now() / 1000) + 3_600;
    const creating = Array.from(
      { length: count },
      (_, n) => () => createLottery(front, show, 1 + (n % 3), endTime),
    );
    const noted = await inParallel(AT_ONCE, creating);
    const entrants = await Promise.all(
      Array.from({ length: ENTRANTS }, (_, n) => cluster.person(1_000 + n)),
    );
    const joining = noted.flatMap(({ id: lottery_id }) =>
      entrants.map(
        ({ token }) =>
          () =>
            ask(front, "POST", "/lottery/entry", { lottery_id }, token),
      ),
    );
    await inParallel(AT_ONCE, joining);
    return new Round(
      cluster,
      show,
      noted,
      viewers,
      entrants.map(({ userId }) => userId),
    );
  }

  private constructor(
    cluster: DrawingCluster,
    show: Show,
    noted: readonly Noted[],
    viewers: readonly Viewer[],
    entrants: readonly number[],
  ) {
    this.#cluster = cluster;
    this.#show = show;
    this.noted = noted;
    this.#viewers = viewers;
    this.#entrants = entrants;
  }

  /** Lets all of them end in the next second; answers it, in Unix ms. */
  bringDue(): Promise<number> {
    return this.#cluster.bringDue(this.#show, this.noted.length);
  }

  /**
   * Waits until all is over, then holds against each other: what the proofs give, what the lotteries
   * say, what every viewer was shown, and how often each was drawn.
   */
  async assertExact(): Promise<void> {
    const gifts = await this.#drawn();
    await waitFor(
      () => this.#viewers.every((viewer) => shown(viewer, 4).length >= this.noted.length),
      { timeoutMs: PATIENCE_MS, message: "all viewers to be told of all winners" },
    );
    const { front } = this.#cluster;
    const winners = new Map<number, number[]>();
    const proving = this.noted.map((noted) => async () => {
      const proof = await proven(front, noted);
      assert.deepEqual(proof.entrants, this.#entrants);
      winners.set(noted.id, proof.winners);
    });
    await inParallel(AT_ONCE, proving);
    for (const { id, winners: stated } of gifts) assert.deepEqual(stated, winners.get(id));
    for (const viewer of this.#viewers) this.#assertShown(viewer, winners);
    // Fewer than there are: a node may die after it has stored winners and before it says so.
    const stored = DRAWERS.flatMap((name) => this.#cluster.steps.of(name))
      .filter(({ step, lotteryId }) => step === "stored" && winners.has(lotteryId))
      .map(({ lotteryId }) => lotteryId);
    assert.deepEqual(ascending(stored), ascending([...new Set(stored)]), "each is drawn once");
    assert.ok(stored.length > 0);
  }

  async #drawn(): Promise<Gift[]> {
    const path = `/lottery/multi?live_id=${this.#show.liveId}`;
    return waitFor(
      async () => {
        const { gifts } = await ask<{ gifts: Gift[] }>(this.#cluster.front, "GET", path);
        assert.equal(gifts.length, this.noted.length);
        assert.deepEqual(
          gifts.filter(({ status }) => status !== "drawn"),
          [],
        );
        return gifts;
      },
      { timeoutMs: PATIENCE_MS, intervalMs: 100, message: "all lotteries to be drawn" },
    );
  }

  #assertShown(viewer: Viewer, winners: ReadonlyMap<number, number[]>): void {
    assert.deepEqual(viewer.faults, []);
    for (const type of [3, 4]) {
      const ids = shown(viewer, type).map(({ id }) => Number(id));
      assert.deepEqual(ascending(ids), this.#ids(), `type ${type}, once per viewer`);
    }
    for (const { id, content } of shown(viewer, 4))
      assert.deepEqual(JSON.parse(String(content)), winners.get(Number(id)));
  }

  #ids(): number[] {
    return ascending(this.noted.map(({ id }) => id));
  }
}

function shown(viewer: Viewer, type: number): Record<string, unknown>[] {
  return viewer.of("message").filter((message) => message.type === type);
}

function ascending(ids: readonly number[]): number[] {
  return ids.toSorted((a, b) => a - b);
}
