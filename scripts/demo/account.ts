import { setTimeout as pause } from "node:timers/promises";
import type { Session } from "../../contracts/objects.ts";
import { ApiError, type LiveApi } from "../lib/live-api.ts";

/** A token that has not more time left than this is renewed, in ms. */
const SPARE_MS = 60_000;

/** A signed-in account whose access token is always good. */
export class Account {
  readonly name: string;
  private readonly api: LiveApi;
  private readonly password: string;
  private readonly signal: AbortSignal;
  private session: Session;
  private renewing: Promise<Session> | null = null;

  private constructor(
    api: LiveApi,
    name: string,
    password: string,
    session: Session,
    signal: AbortSignal,
  ) {
    this.api = api;
    this.name = name;
    this.password = password;
    this.session = session;
    this.signal = signal;
  }

  /**
   * Signs in; an account that does not exist yet is made.
   *
   * @throws ApiError WRONG_PASSWORD when the name belongs to somebody else
   */
  static async open(
    api: LiveApi,
    name: string,
    password: string,
    signal: AbortSignal,
  ): Promise<Account> {
    const session = await patiently(() => signIn(api, name, password, signal), signal);
    return new Account(api, name, password, session, signal);
  }

  get userId(): number {
    return this.session.user_id;
  }

  /** An access token that is good for a while. One renewal at a time: a refresh token works once. */
  async token(): Promise<string> {
    if (Date.now() < expiryMs(this.session.token) - SPARE_MS) return this.session.token;
    this.renewing ??= this.newSession().finally(() => {
      this.renewing = null;
    });
    this.session = await this.renewing;
    return this.session.token;
  }

  private async newSession(): Promise<Session> {
    try {
      return await this.api.refresh(this.session.refresh_token, this.signal);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      return signIn(this.api, this.name, this.password, this.signal);
    }
  }
}

async function signIn(
  api: LiveApi,
  name: string,
  password: string,
  signal: AbortSignal,
): Promise<Session> {
  try {
    return await api.login(name, password, signal);
  } catch (error) {
    if (!(error instanceof ApiError) || !error.is("USER_NOT_FOUND")) throw error;
    return api.register(name, password, signal);
  }
}

/** Tries again as often and as late as the server says (`Retry-After`). */
async function patiently<T>(job: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return await job();
    } catch (error) {
      if (!(error instanceof ApiError) || error.retryAfterMs === null) throw error;
      await pause(error.retryAfterMs, undefined, { signal });
    }
  }
}

/** When a JWT expires, in Unix ms. */
function expiryMs(token: string): number {
  const payload = Buffer.from(token.split(".")[1] ?? "", "base64url").toString();
  return (JSON.parse(payload) as { exp: number }).exp * 1000;
}
