import { DataTypes, type Model, type ModelStatic, QueryTypes, type Sequelize } from "sequelize";
import type { LotteryWinner, Prize } from "../../contracts/lottery.ts";
import type { WinnerStore } from "./winner-store.ts";

type WinnerRow = LotteryWinner & { lottery_id: number };
type WinnerModel = Model<WinnerRow, WinnerRow>;

const PRIZES = `
  SELECT winners.lottery_id, lotteries.live_id, lotteries.prize AS gift, winners.place,
    lotteries.over_ms, winners.contact, winners.claim_time
  FROM lottery_winners AS winners JOIN lotteries ON lotteries.id = winners.lottery_id
  WHERE winners.user_id = $1 AND winners.lottery_id < $2 AND lotteries.status = 'drawn'
  ORDER BY winners.lottery_id DESC LIMIT $3`;

function defineWinners(database: Sequelize): ModelStatic<WinnerModel> {
  return database.define<WinnerModel>("lottery_winners", {
    lottery_id: { type: DataTypes.BIGINT, primaryKey: true },
    place: { type: DataTypes.INTEGER, primaryKey: true },
    user_id: DataTypes.BIGINT,
    user_name: DataTypes.STRING(64),
    contact: DataTypes.STRING(200),
    claim_time: DataTypes.BIGINT,
  });
}

/** Winners in the database. */
export function winnerRepo(database: Sequelize): WinnerStore {
  const winners = defineWinners(database);
  const find = async (lotteryIds: number[]) =>
    (await winners.findAll({
      attributes: ["lottery_id", "user_id"],
      where: { lottery_id: lotteryIds },
      order: [
        ["lottery_id", "ASC"],
        ["place", "ASC"],
      ],
      raw: true,
    })) as unknown as WinnerRow[];

  return {
    async add(lottery_id, entrants) {
      const rows = entrants.map((entrant, index) => ({
        ...entrant,
        lottery_id,
        place: index + 1,
        contact: "",
        claim_time: 0,
      }));
      if (rows.length > 0) await winners.bulkCreate(rows, { ignoreDuplicates: true });
    },

    async ids(lotteryId) {
      return (await find([lotteryId])).map(({ user_id }) => user_id);
    },

    async idsOf(lotteryIds) {
      const ids = new Map<number, number[]>(lotteryIds.map((id) => [id, []]));
      for (const { lottery_id, user_id } of await find(lotteryIds))
        ids.get(lottery_id)?.push(user_id);
      return ids;
    },

    async list(lotteryId) {
      const found = await winners.findAll({
        attributes: ["place", "user_id", "user_name", "contact", "claim_time"],
        where: { lottery_id: lotteryId },
        order: [["place", "ASC"]],
        raw: true,
      });
      return found as unknown as LotteryWinner[];
    },

    async among(lotteryIds, userIds) {
      if (lotteryIds.length === 0 || userIds.length === 0) return new Set();
      const found = await winners.findAll({
        attributes: ["user_id"],
        where: { user_id: userIds, lottery_id: [...lotteryIds] },
        raw: true,
      });
      return new Set((found as unknown as WinnerRow[]).map(({ user_id }) => user_id));
    },

    async prizes(userId, before, limit) {
      const bind = [userId, before, limit];
      const rows = await database.query<Prize & { over_ms: number }>(PRIZES, {
        bind,
        type: QueryTypes.SELECT,
      });
      return rows.map(({ over_ms, ...prize }) => ({
        ...prize,
        draw_time: Math.floor(over_ms / 1000),
      }));
    },

    async claim(lottery_id, user_id, contact, claim_time) {
      const where = { lottery_id, user_id };
      const [changed] = await winners.update({ contact, claim_time }, { where });
      // MySQL counts what it changed; the same contact in the same second changes nothing.
      return changed === 1 || (await winners.count({ where })) === 1;
    },
  };
}
