import { col, type ModelStatic, Op } from "sequelize";
import type { SessionModel } from "./session.model.ts";
import type { SessionRow } from "./session.ts";

type Sessions = ModelStatic<SessionModel>;

export async function insertSession(sessions: Sessions, session: SessionRow): Promise<void> {
  await sessions.create(session);
}

/** The session that a refresh token's family belongs to. */
export async function findFamily(
  sessions: Sessions,
  familySum: string,
): Promise<SessionRow | null> {
  const found = await sessions.findOne({ where: { family_sum: familySum }, raw: true });
  return found as SessionRow | null;
}

/**
 * Puts the next refresh token in place of `from`.
 *
 * @returns false when `from` is not the good one any more, or the session was signed out: of several
 *   at once, one succeeds
 */
export async function rotate(
  sessions: Sessions,
  id: number,
  from: string,
  next: Pick<SessionRow, "token_sum" | "expires_ms" | "access_until_ms">,
): Promise<boolean> {
  const where = { id, token_sum: from, revoked_until_ms: 0 };
  const [changed] = await sessions.update(next, { where });
  return changed === 1;
}

/**
 * Signs a session out for good.
 *
 * @returns when its last access token expires (Unix ms), or null when it was signed out before
 */
export async function revoke(
  sessions: Sessions,
  session: Pick<SessionRow, "id" | "user_id">,
): Promise<number | null> {
  const { id, user_id } = session;
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
}

/** Sessions signed out whose access tokens would still be good. */
export async function listRevoked(
  sessions: Sessions,
  nowMs: number,
): Promise<Pick<SessionRow, "id" | "revoked_until_ms">[]> {
  const rows = await sessions.findAll({
    attributes: ["id", "revoked_until_ms"],
    where: { revoked_until_ms: { [Op.gt]: nowMs } },
    raw: true,
  });
  return rows as unknown as SessionRow[];
}

/** Drops an account's sessions beyond the newest `keep`, but none that {@link listRevoked} needs. */
export async function dropOldest(
  sessions: Sessions,
  userId: number,
  keep: number,
  nowMs: number,
): Promise<void> {
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
}

/** Removes at most `limit` sessions that are over; answers how many it removed. */
export async function dropExpired(
  sessions: Sessions,
  nowMs: number,
  limit: number,
): Promise<number> {
  return sessions.destroy({ where: { expires_ms: { [Op.lte]: nowMs } }, limit });
}
