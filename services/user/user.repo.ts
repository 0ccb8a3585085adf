import { type ModelStatic, UniqueConstraintError } from "sequelize";
import type { UserModel, UserRow } from "./user.model.ts";

type Users = ModelStatic<UserModel>;

/** Adds an account; false when the name is taken, which only the unique index can know. */
export async function insertUser(users: Users, user: UserRow): Promise<boolean> {
  try {
    await users.create(user);
    return true;
  } catch (error) {
    if (error instanceof UniqueConstraintError) return false;
    throw error;
  }
}

/** The account of exactly that name: MariaDB's collations take "bob" and "bob " for the same. */
export async function findByName(users: Users, username: string): Promise<UserRow | null> {
  const user = (await users.findOne({ where: { username }, raw: true })) as UserRow | null;
  return user?.username === username ? user : null;
}

/** Ids and names of those accounts that exist. */
export async function findNames(
  users: Users,
  ids: number[],
): Promise<Pick<UserRow, "id" | "username">[]> {
  const rows = await users.findAll({
    attributes: ["id", "username"],
    where: { id: ids },
    raw: true,
  });
  return rows as unknown as UserRow[];
}
