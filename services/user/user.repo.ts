import { type ModelStatic, Op, UniqueConstraintError } from "sequelize";
import type { UserModel } from "./user.model.ts";
import type { CardRow, UserRow, UserStore } from "./user.ts";

/** Accounts in the database. */
export function userRepo(users: ModelStatic<UserModel>): UserStore {
  return {
    async insert(user) {
      try {
        await users.create(user);
        return true;
      } catch (error) {
        if (error instanceof UniqueConstraintError) return false;
        throw error;
      }
    },

    async findByName(username) {
      const user = (await users.findOne({ where: { username }, raw: true })) as UserRow | null;
      // MariaDB's collations take "bob" and "bob " for the same.
      return user?.username === username ? user : null;
    },

    async setImage(id, column, path, turn) {
      const turnOf = `${column}_turn` as const;
      const where = { id, [turnOf]: { [Op.lt]: turn } };
      await users.update({ [column]: path, [turnOf]: turn }, { where });
    },

    async findCards(ids) {
      const rows = await users.findAll({
        attributes: ["id", "username", "avatar", "background_image", "signature"],
        where: { id: ids },
        raw: true,
      });
      return rows as unknown as CardRow[];
    },

    async findNames(ids) {
      const rows = await users.findAll({
        attributes: ["id", "username", "create_time"],
        where: { id: ids },
        raw: true,
      });
      return rows as unknown as UserRow[];
    },
  };
}
