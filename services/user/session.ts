import type { ErrorName } from "../../contracts/errors.ts";

/** Lifetime of an access token, in seconds. */
export const ACCESS_TTL_SECONDS = 15 * 60;
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
