import { fail } from "../../contracts/errors.ts";
import type { Session } from "../../contracts/objects.ts";
import { accessTokenExpiry, signAccessToken } from "../../lib/token.ts";
import {
  firstToken,
  nextToken,
  type RefreshToken,
  readToken,
  TOKEN_BYTES,
} from "./refresh-token.ts";
import {
  ACCESS_TTL_SECONDS,
  LASTING_TTL_SECONDS,
  MAX_SESSIONS,
  refusal,
  SESSION_TTL_MS,
  type SessionRow,
  type SessionStore,
} from "./session.ts";

/** A session that is signed out, and when its last access token expires (Unix ms). */
export interface Revoked {
  session_id: number;
  until_ms: number;
}

export interface SessionsOptions {
  store: SessionStore;
  signingKey: Uint8Array;
  newId: () => number;
  random: (bytes: number) => Uint8Array;
  /** The present name of an account, or null when there is none. */
  username: (userId: number) => Promise<string | null>;
  /** Called for each session that has just been signed out. */
  revoked: (session: Revoked) => Promise<void>;
}

/** Rows removed by one statement of a sweep, so that nobody waits long for the table. */
const SWEEP_ROWS = 500;

/** Sign-ins: each is a family of refresh tokens, of which exactly one is good at a time. */
export class Sessions {
  readonly #options: SessionsOptions;

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  /**
   * Begins a session of an account whose password was just given.
   *
   * @param ttlSeconds how long its first access token is good
   */
  async start(
    user: { id: number; username: string },
    nowMs: number,
    ttlSeconds: number = ACCESS_TTL_SECONDS,
  ): Promise<Session> {
    const { store, newId, random } = this.#options;
    const refresh = firstToken(random(TOKEN_BYTES));
    const id = newId();
    await store.insert({
      id,
      user_id: user.id,
      family_sum: refresh.familySum,
      revoked_until_ms: 0,
      ...lifetimes(refresh, nowMs, ttlSeconds),
    });
    await store.dropOldest(user.id, MAX_SESSIONS, nowMs);
    return this.#answer(id, user.id, user.username, refresh, nowMs, ttlSeconds);
  }

  /**
   * Gives the next pair of tokens for a refresh token. Each works once: a second use, also at the
   * same moment, means that someone else has it too, and signs the whole session out.
   */
  async refresh(token: string, nowMs: number): Promise<Session> {
    const { store, random, username } = this.#options;
    const present = readToken(token) ?? fail("TOKEN_INVALID");
    const session = await store.findFamily(present.familySum);
    const refused = refusal(session, nowMs);
    if (refused !== null || session === null) fail(refused ?? "TOKEN_INVALID");
    const name = (await username(session.user_id)) ?? fail("TOKEN_INVALID");

    const next = nextToken(present, random(TOKEN_BYTES));
    if (!(await store.rotate(session.id, present.sum, lifetimes(next, nowMs)))) {
      await this.end(session);
      fail("TOKEN_REVOKED");
    }
    return this.#answer(session.id, session.user_id, name, next, nowMs);
  }

  /** Signs a session out; does nothing when it is out already, or not that account's. */
  async end(session: Pick<SessionRow, "id" | "user_id">): Promise<void> {
    const until = await this.#options.store.revoke(session);
    if (until === null) return;
    await this.#options.revoked({ session_id: session.id, until_ms: until });
  }

  /**
   * Signs out the session that an access token speaks of. It may have been dropped for newer ones
   * while the token is still good: then it is remembered anew until any such token has expired.
   */
  async leave({ id, user_id }: Pick<SessionRow, "id" | "user_id">, nowMs: number): Promise<void> {
    await this.end({ id, user_id });
    const { store, random, revoked } = this.#options;
    const { familySum: family_sum, sum: token_sum } = firstToken(random(TOKEN_BYTES));
    const until_ms = accessTokenExpiry(nowMs, LASTING_TTL_SECONDS);
    const over = { expires_ms: until_ms, access_until_ms: until_ms, revoked_until_ms: until_ms };
    if (await store.bury({ id, user_id, family_sum, token_sum, ...over }))
      await revoked({ session_id: id, until_ms });
  }

  /** Sessions signed out whose access tokens would still be good. */
  async revoked(nowMs: number): Promise<Revoked[]> {
    const rows = await this.#options.store.listRevoked(nowMs);
    return rows.map((row) => ({ session_id: row.id, until_ms: row.revoked_until_ms }));
  }

  /** Removes the sessions that are over. */
  async sweep(nowMs: number): Promise<void> {
    const drop = () => this.#options.store.dropExpired(nowMs, SWEEP_ROWS);
    while ((await drop()) === SWEEP_ROWS);
  }

  async #answer(
    id: number,
    userId: number,
    username: string,
    refresh: RefreshToken,
    nowMs: number,
    ttlSeconds: number = ACCESS_TTL_SECONDS,
  ): Promise<Session> {
    const caller = { user_id: userId, username, session_id: id };
    const key = this.#options.signingKey;
    const token = await signAccessToken(key, caller, nowMs, ttlSeconds);
    return { user_id: userId, token, refresh_token: refresh.token };
  }
}

function lifetimes(refresh: RefreshToken, nowMs: number, ttlSeconds = ACCESS_TTL_SECONDS) {
  return {
    token_sum: refresh.sum,
    expires_ms: nowMs + SESSION_TTL_MS,
    access_until_ms: accessTokenExpiry(nowMs, ttlSeconds),
  };
}
