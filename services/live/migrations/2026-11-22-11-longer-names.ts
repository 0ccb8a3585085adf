import { DataTypes, type QueryInterface } from "sequelize";

/** Accounts of the short-video dialect have names of up to 32 characters. */
export async function up(query: QueryInterface): Promise<void> {
  if (query.sequelize.getDialect() !== "sqlite")
    await query.changeColumn("rooms", "owner_name", {
      type: DataTypes.STRING(32),
      allowNull: false,
    });
}

/** Stays: a longer name may be there. */
export async function down(): Promise<void> {}
