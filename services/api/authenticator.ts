import { fail } from "../../contracts/errors.ts";
import type { Caller } from "../../contracts/objects.ts";
import { createLru } from "../../lib/lru.ts";

/** A caller whose token was checked, and until when that holds (Unix ms). */
export type Verified = Caller & { expires_ms: number };

/** Checks an access token's signature and time; throws TOKEN_EXPIRED or TOKEN_INVALID. */
export type Verify = (token: string, nowMs: number) => Promise<Verified> | Verified;

/** Tokens remembered as good; about 600 bytes each. */
const CACHED_TOKENS = 20_000;
/** Signed-out sessions remembered; each leaves when its last access token has expired. */
const REVOKED_SESSIONS = 100_000;

/** Tells who is calling. The signature of a token is checked once, not at every request. */
export class Authenticator {
  private readonly verify: Verify;
  private readonly known = createLru<string, Verified>({ max: CACHED_TOKENS });
  private readonly revoked = createLru<number, true>({ max: REVOKED_SESSIONS });

  constructor(verify: Verify) {
    this.verify = verify;
  }

  /**
   * The caller that a token stands for.
   *
   * @throws TOKEN_EXPIRED, TOKEN_INVALID or TOKEN_REVOKED
   */
  async caller(token: string, nowMs: number): Promise<Caller> {
    const verified = this.known.get(token, nowMs) ?? (await this.check(token, nowMs));
    if (this.revoked.get(verified.session_id, nowMs)) fail("TOKEN_REVOKED");
    const { user_id, username, session_id } = verified;
    return { user_id, username, session_id };
  }

  /** @param untilMs when the last access token of that session expires by itself, Unix ms */
  revoke(sessionId: number, untilMs: number, nowMs: number): void {
    if (untilMs > nowMs) this.revoked.set(sessionId, true, untilMs, nowMs);
  }

  private async check(token: string, nowMs: number): Promise<Verified> {
    const verified = await this.verify(token, nowMs);
    this.known.set(token, verified, verified.expires_ms, nowMs);
    return verified;
  }
}

/** The token in an `Authorization: Bearer …` header; null when there is none. */
export function bearerToken(authorization: string | undefined): string | null {
  if (authorization === undefined || authorization.slice(0, 7).toLowerCase() !== "bearer ")
    return null;
  return authorization.slice(7).trim();
}
