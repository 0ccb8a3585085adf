import type { QueryInterface } from "sequelize";

const TABLE = "lotteries";
const INDEXES: Record<string, string[]> = {
  // What has to be worked on, and when; null where there is nothing to do.
  lotteries_due: ["due_ms", "id"],
  lotteries_room: ["live_id", "id"],
  // The rooms that have open ones.
  lotteries_open: ["status", "live_id"],
  // What an owner drew last.
  lotteries_owner: ["owner_id", "status", "id"],
};

/** MySQL commits each index by itself, so some may be there from a start that was cut short. */
export async function up(query: QueryInterface): Promise<void> {
  const known = (await query.showIndex(TABLE)) as { name: string }[];
  for (const [name, fields] of Object.entries(INDEXES))
    if (!known.some((index) => index.name === name)) await query.addIndex(TABLE, fields, { name });
}

export async function down(query: QueryInterface): Promise<void> {
  for (const name of Object.keys(INDEXES)) await query.removeIndex(TABLE, name);
}
