import type { ErrorName } from "../../contracts/errors.ts";

/** Lifetime of an access token, in seconds. */
export const ACCESS_TTL_SECONDS = 15 * 60;
/**
 * Lifetime of the one token of a session in the short-video dialect, in seconds: its clients know
 * nothing of refreshing, and what they do when a token has expired is to stop working.
 */
export const LASTING_TTL_SECONDS = 7 * 24 * 3600;
/** A session that is not refreshed for this long is over, in ms. */
export const SESSION_TTL_MS = 30 * 24 * 3600 * 1000;
/** Sessions that one account may have; a further sign-in ends the oldest. */
export const MAX_SESSIONS = 32;

/** One sign-in, as it is kept. */
export interface SessionRow {
  id: number;
  user_id: number;
  /** Sum of what all its refresh tokens have in common. */
  family_sum: string;
  /** Sum of the one refresh token that is good now. */
  token_sum: string;
  expires_ms: number;
  /** When the last access token given out expires. */
  access_until_ms: number;
  /** 0, or `access_until_ms` once the session was signed out. */
  revoked_until_ms: number;
}

/** Why a session takes no refresh token any more, or null. */
export function refusal(session: SessionRow | null, nowMs: number): ErrorName | null {
  if (session === null) return "TOKEN_INVALID";
  if (session.revoked_until_ms > 0) return "TOKEN_REVOKED";
  if (session.expires_ms <= nowMs) return "TOKEN_EXPIRED";
  return null;
}

/** Where sessions are kept. */
export interface SessionStore {
  insert(session: SessionRow): Promise<void>;
  /** The session that a refresh token's family belongs to. */
  findFamily(familySum: string): Promise<SessionRow | null>;
  /**
   * Puts the next refresh token in place of `from`.
   *
   * @returns false when `from` is not the good one any more, or the session was signed out: of
   *   several at once, one succeeds
   */
  rotate(
    id: number,
    from: string,
    next: Pick<SessionRow, "token_sum" | "expires_ms" | "access_until_ms">,
  ): Promise<boolean>;
  /**
   * Signs a session of that account out for good.
   *
   * @returns when its last access token expires (Unix ms), or null when there was nothing to do
   */
  revoke(session: Pick<SessionRow, "id" | "user_id">): Promise<number | null>;
  /** Adds a session, signed out, in the place of one that was dropped; false when one of that id is there. */
  bury(session: SessionRow): Promise<boolean>;
  /** Sessions signed out whose access tokens would still be good. */
  listRevoked(nowMs: number): Promise<Pick<SessionRow, "id" | "revoked_until_ms">[]>;
  /** Drops an account's sessions beyond the newest `keep`, but none that is still to be listed. */
  dropOldest(userId: number, keep: number, nowMs: number): Promise<void>;
  /** Removes at most `limit` sessions that are over; answers how many it removed. */
  dropExpired(nowMs: number, limit: number): Promise<number>;
}
