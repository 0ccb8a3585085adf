import { DataTypes, type Model } from "sequelize";
import type { CancelReason, LotteryCondition, LotteryStatus } from "../../contracts/lottery.ts";
import type { EntityDefinition } from "../../mixins/entity.mixin.ts";
import type { Lottery, NewLottery } from "./lottery.ts";

/** A lottery as the database has it. */
export interface LotteryRow {
  id: number;
  live_id: number;
  owner_id: number;
  prize: string;
  places: number;
  create_ms: number;
  end_time: number;
  close_ms: number;
  status: LotteryStatus;
  cancel_reason: CancelReason | null;
  condition_kind: LotteryCondition["kind"];
  condition_value: string;
  at_show_end: "cancel" | "draw";
  /** JSON of {@link Options}. */
  options: string;
  seed: string;
  commitment: string;
  beacon_round: number | null;
  beacon: string;
  entries_digest: string;
  entrants: number;
  over_ms: number;
  scanned: number;
  announced: number;
  /** When it has to be worked on next, which is also when the lease of who does so ends; else null. */
  due_ms: number | null;
  /** Who works on it; 0 for nobody. */
  token: number;
}

type Options = Pick<NewLottery, "blocked" | "after_lotteries" | "min_account_age">;

export type LotteryModel = Model<LotteryRow, LotteryRow>;

export const lotteryEntity: EntityDefinition = {
  name: "lotteries",
  define: {
    id: { type: DataTypes.BIGINT, primaryKey: true },
    live_id: DataTypes.BIGINT,
    owner_id: DataTypes.BIGINT,
    prize: DataTypes.STRING(100),
    places: DataTypes.BIGINT,
    create_ms: DataTypes.BIGINT,
    end_time: DataTypes.BIGINT,
    close_ms: DataTypes.BIGINT,
    status: DataTypes.STRING(10),
    cancel_reason: DataTypes.STRING(16),
    condition_kind: DataTypes.STRING(10),
    condition_value: DataTypes.STRING(100),
    at_show_end: DataTypes.STRING(6),
    options: DataTypes.TEXT,
    seed: DataTypes.STRING(64),
    commitment: DataTypes.STRING(64),
    beacon_round: DataTypes.BIGINT,
    beacon: DataTypes.STRING(64),
    entries_digest: DataTypes.STRING(64),
    entrants: DataTypes.BIGINT,
    over_ms: DataTypes.BIGINT,
    scanned: DataTypes.BIGINT,
    announced: DataTypes.BIGINT,
    due_ms: DataTypes.BIGINT,
    token: DataTypes.BIGINT,
  },
};

/** Every column but the seed, and those that belong to who works on a lottery. */
export const LOTTERY = [
  "id",
  "live_id",
  "owner_id",
  "prize",
  "places",
  "create_ms",
  "end_time",
  "close_ms",
  "status",
  "cancel_reason",
  "condition_kind",
  "condition_value",
  "at_show_end",
  "options",
  "commitment",
  "beacon_round",
  "beacon",
  "entries_digest",
  "entrants",
  "over_ms",
  "scanned",
  "announced",
] as const satisfies (keyof LotteryRow)[];

export function toLottery(row: Pick<LotteryRow, (typeof LOTTERY)[number]>): Lottery {
  const { condition_kind, condition_value, options, announced, ...same } = row;
  return {
    ...same,
    ...(JSON.parse(options) as Options),
    condition: { kind: condition_kind, value: condition_value },
    announced: announced !== 0,
  };
}

export function toRow(lottery: NewLottery): LotteryRow {
  const { condition, blocked, after_lotteries, min_account_age, ...same } = lottery;
  const options: Options = { blocked, after_lotteries, min_account_age };
  return {
    ...same,
    condition_kind: condition.kind,
    condition_value: condition.value,
    options: JSON.stringify(options),
    close_ms: lottery.end_time * 1000,
    status: "open",
    cancel_reason: null,
    beacon: "",
    entries_digest: "",
    entrants: 0,
    over_ms: 0,
    announced: 0,
    token: 0,
  };
}
