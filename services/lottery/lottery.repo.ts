import { type ModelStatic, Op, type WhereOptions } from "sequelize";
import { LOTTERY, type LotteryModel, type LotteryRow, toLottery, toRow } from "./lottery.model.ts";
import type { ClaimStore, DrawStore, DueLottery, LotteryStore } from "./lottery-store.ts";

type Lotteries = ModelStatic<LotteryModel>;
type Where = WhereOptions<LotteryRow>;

/** Lotteries in the database. */
export function lotteryRepo(lotteries: Lotteries): LotteryStore {
  const find = async (where: Where, limit: number) =>
    (await lotteries.findAll({
      attributes: [...LOTTERY],
      where,
      order: [["id", "DESC"]],
      limit,
      raw: true,
    })) as unknown as LotteryRow[];

  return {
    async insert(lottery) {
      await lotteries.create(toRow(lottery));
    },

    async find(id) {
      const [row] = await find({ id }, 1);
      return row === undefined ? null : toLottery(row);
    },

    async findSeed(id) {
      const row = await lotteries.findOne({ attributes: ["seed"], where: { id }, raw: true });
      return (row as unknown as LotteryRow | null)?.seed ?? null;
    },

    async ofRoom(live_id, before, limit) {
      return (await find({ live_id, id: { [Op.lt]: before } }, limit)).map(toLottery);
    },

    countOpen(live_id) {
      return lotteries.count({ where: { live_id, status: "open" } });
    },

    async lastDrawn(owner_id, limit) {
      if (limit === 0) return [];
      const rows = await lotteries.findAll({
        attributes: ["id"],
        where: { owner_id, status: "drawn" },
        order: [["id", "DESC"]],
        limit,
        raw: true,
      });
      return (rows as unknown as LotteryRow[]).map(({ id }) => id);
    },

    async introduced(id, due_ms) {
      // Without anybody at work on it: who is will do the same.
      const where = { id, status: "open", announced: 0, token: 0 } as const;
      await lotteries.update({ announced: 1, due_ms }, { where });
    },

    cancel(id, cancel_reason, nowMs) {
      return changesOne(
        lotteries,
        { status: "cancelled", cancel_reason, over_ms: nowMs, due_ms: nowMs, token: 0 },
        { id, status: "open" },
      );
    },

    close(id, nowMs) {
      return changesOne(
        lotteries,
        { close_ms: nowMs, due_ms: nowMs, token: 0 },
        { id, status: "open", close_ms: { [Op.gt]: nowMs } },
      );
    },

    async showEnded(live_id, nowMs) {
      const now = { due_ms: nowMs, token: 0 };
      const [cancelled] = await lotteries.update(
        { ...now, status: "cancelled", cancel_reason: "show_ended", over_ms: nowMs },
        { where: { live_id, status: "open", at_show_end: "cancel" } },
      );
      const [closed] = await lotteries.update(
        { ...now, close_ms: nowMs },
        { where: { live_id, status: "open", at_show_end: "draw", close_ms: { [Op.gt]: nowMs } } },
      );
      return cancelled + closed;
    },

    async openRooms(after, limit) {
      const rows = await lotteries.findAll({
        attributes: ["live_id"],
        where: { status: "open", live_id: { [Op.gt]: after } },
        group: ["live_id"],
        order: [["live_id", "ASC"]],
        limit,
        raw: true,
      });
      return (rows as unknown as LotteryRow[]).map(({ live_id }) => live_id);
    },
  };
}

/** Leases on lotteries that are due. */
export function claimRepo(lotteries: Lotteries): ClaimStore {
  return {
    async next(limit) {
      const rows = await lotteries.findAll({
        attributes: ["id", "due_ms"],
        where: { due_ms: { [Op.ne]: null } },
        order: [
          ["due_ms", "ASC"],
          ["id", "ASC"],
        ],
        limit,
        raw: true,
      });
      return rows as unknown as DueLottery[];
    },

    claim({ id, due_ms }, token, untilMs) {
      return changesOne(lotteries, { token, due_ms: untilMs }, { id, due_ms });
    },

    renew(id, token, untilMs) {
      return changesOne(lotteries, { due_ms: untilMs }, { id, token });
    },

    release(id, token, due_ms) {
      return changesOne(lotteries, { token: 0, due_ms }, { id, token });
    },
  };
}

/** What the holder of a lease does. */
export function drawRepo(lotteries: Lotteries): DrawStore {
  return {
    introduce(id, token) {
      return changesOne(lotteries, { announced: 1 }, { id, token, announced: 0 });
    },

    freeze(id, token) {
      return changesOne(lotteries, { status: "drawing" }, { id, token, status: "open" });
    },

    async scanned(id, token, upTo) {
      await lotteries.update({ scanned: upTo }, { where: { id, token } });
    },

    keepBeacon(id, token, beacon) {
      return changesOne(lotteries, { beacon }, { id, token, status: "drawing", beacon: "" });
    },

    finish(id, token, { entries_digest, entrants }, nowMs) {
      return changesOne(
        lotteries,
        { status: "drawn", entries_digest, entrants, over_ms: nowMs },
        { id, token, status: "drawing" },
      );
    },

    callOff(id, token, cancel_reason, nowMs) {
      return changesOne(
        lotteries,
        { status: "cancelled", cancel_reason, over_ms: nowMs },
        { id, token, status: ["open", "drawing"] },
      );
    },
  };
}

async function changesOne(
  lotteries: Lotteries,
  values: Partial<LotteryRow>,
  where: Where,
): Promise<boolean> {
  const [changed] = await lotteries.update(values, { where });
  return changed === 1;
}
