import { col, type ModelStatic, Op, UniqueConstraintError } from "sequelize";
import type { SessionModel } from "./session.model.ts";
import type { SessionRow, SessionStore } from "./session.ts";

/** Sessions in the database. */
export function sessionRepo(sessions: ModelStatic<SessionModel>): SessionStore {
  return {
    async insert(session) {
      await sessions.create(session);
    },

    async findFamily(familySum) {
      const found = await sessions.findOne({ where: { family_sum: familySum }, raw: true });
      return found as SessionRow | null;
    },

    async rotate(id, from, next) {
      const where = { id, token_sum: from, revoked_until_ms: 0 };
      const [changed] = await sessions.update(next, { where });
      return changed === 1;
    },

    async revoke({ id, user_id }) {
      // The column, not a value read before: a rotation in between gave out a later access token.
      const [changed] = await sessions.update(
        { revoked_until_ms: col("access_until_ms") },
        { where: { id, user_id, revoked_until_ms: 0 } },
      );
      if (changed === 0) return null;
      const row = (await sessions.findOne({
        attributes: ["revoked_until_ms"],
        where: { id },
        raw: true,
      })) as Pick<SessionRow, "revoked_until_ms"> | null;
      return row?.revoked_until_ms ?? null;
    },

    async bury(session) {
      try {
        await sessions.create(session);
        return true;
      } catch (error) {
        if (error instanceof UniqueConstraintError) return false;
        throw error;
      }
    },

    async listRevoked(nowMs) {
      const rows = await sessions.findAll({
        attributes: ["id", "revoked_until_ms"],
        where: { revoked_until_ms: { [Op.gt]: nowMs } },
        raw: true,
      });
      return rows as unknown as SessionRow[];
    },

    async dropOldest(userId, keep, nowMs) {
      const [surplus] = (await sessions.findAll({
        attributes: ["id"],
        where: { user_id: userId },
        order: [["id", "DESC"]],
        offset: keep,
        limit: 1,
        raw: true,
      })) as unknown as Pick<SessionRow, "id">[];
      if (surplus === undefined) return;
      await sessions.destroy({
        where: {
          user_id: userId,
          id: { [Op.lte]: surplus.id },
          revoked_until_ms: { [Op.lte]: nowMs },
        },
      });
    },

    async dropExpired(nowMs, limit) {
      return sessions.destroy({ where: { expires_ms: { [Op.lte]: nowMs } }, limit });
    },
  };
}
