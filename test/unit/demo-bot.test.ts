import assert from "node:assert/strict";
import { test } from "node:test";
import { type ErrorName, errors } from "../../contracts/errors.ts";
import type { Session } from "../../contracts/objects.ts";
import { Account } from "../../scripts/demo/account.ts";
import { Bot } from "../../scripts/demo/bot.ts";
import { ApiError, LiveApi } from "../../scripts/lib/live-api.ts";

const HOUR_S = 3600;

function refusal(
  name: ErrorName,
  retryAfterMs: number | null = null,
  data: Record<string, unknown> | null = null,
): ApiError {
  const { status, live, message } = errors[name];
  return new ApiError(
    status,
    { base_resp: { status_code: live, status_msg: message }, data },
    retryAfterMs,
  );
}

/** A server that knows one account, or none, and notes what it is asked. */
class FakeApi extends LiveApi {
  readonly asked: string[] = [];
  known = true;
  /** Lifetime of the access tokens that it gives out. */
  lifetimeS = HOUR_S;
  /** Errors to answer with, by request, first to last. */
  readonly refuse: Record<string, ApiError[]> = {};

  constructor() {
    super("http://demo.example");
  }

  private answer(request: string): void {
    this.asked.push(request);
    const error = this.refuse[request]?.shift();
    if (error !== undefined) throw error;
  }

  private session(): Session {
    const exp = Math.floor(Date.now() / 1000) + this.lifetimeS;
    const claims = Buffer.from(JSON.stringify({ exp, n: this.asked.length })).toString("base64url");
    return { user_id: 7, token: `head.${claims}.sum`, refresh_token: `r${this.asked.length}` };
  }

  override async login(): Promise<Session> {
    this.answer("login");
    if (!this.known) throw refusal("USER_NOT_FOUND");
    return this.session();
  }

  override async register(): Promise<Session> {
    this.answer("register");
    this.known = true;
    return this.session();
  }

  override async refresh(): Promise<Session> {
    this.answer("refresh");
    return this.session();
  }

  override async send(): Promise<number> {
    this.answer("send");
    return 1;
  }
}

const signal = new AbortController().signal;
const open = (api: LiveApi) => Account.open(api, "bot", "password", signal);
const hello = { type: 0, content: "hello" } as const;

test("an account that exists is signed in, one that does not is made", async () => {
  const api = new FakeApi();
  await open(api);
  assert.deepEqual(api.asked, ["login"]);
  const empty = new FakeApi();
  empty.known = false;
  await open(empty);
  assert.deepEqual(empty.asked, ["login", "register"]);
});

test("a sign-in that is told to wait tries again", async () => {
  const api = new FakeApi();
  api.refuse.login = [refusal("RATE_LIMITED", 5), refusal("UNAVAILABLE", 5)];
  await open(api);
  assert.deepEqual(api.asked, ["login", "login", "login"]);
});

test("a name that belongs to somebody else is an error", async () => {
  const api = new FakeApi();
  api.refuse.login = [refusal("WRONG_PASSWORD")];
  await assert.rejects(
    open(api),
    (error) => error instanceof ApiError && error.is("WRONG_PASSWORD"),
  );
});

test("a token that is good for long is used as it is", async () => {
  const api = new FakeApi();
  const account = await open(api);
  assert.equal(await account.token(), await account.token());
  assert.deepEqual(api.asked, ["login"]);
});

test("a token that is about to expire is renewed once, however many want it", async () => {
  const api = new FakeApi();
  api.lifetimeS = 30;
  const account = await open(api);
  api.lifetimeS = HOUR_S;
  const tokens = await Promise.all([account.token(), account.token(), account.token()]);
  assert.equal(new Set(tokens).size, 1);
  assert.deepEqual(api.asked, ["login", "refresh"]);
});

test("when the session is over the bot signs in anew", async () => {
  const api = new FakeApi();
  api.lifetimeS = 30;
  const account = await open(api);
  api.refuse.refresh = [refusal("TOKEN_REVOKED")];
  api.lifetimeS = HOUR_S;
  await account.token();
  assert.deepEqual(api.asked, ["login", "refresh", "login"]);
});

test("a bot that is told to wait keeps silent until then", async () => {
  const api = new FakeApi();
  const bot = new Bot(api, await open(api));
  api.refuse.send = [refusal("RATE_LIMITED", 60_000)];
  const before = Date.now();
  assert.equal(await bot.say(42, hello, signal), true);
  assert.ok(bot.isSilent(before + 59_000));
  assert.ok(!bot.isSilent(Date.now() + 60_001));
});

test("a bot that is muted keeps silent until it may talk again", async () => {
  const api = new FakeApi();
  const bot = new Bot(api, await open(api));
  const until = Math.floor(Date.now() / 1000) + 600;
  api.refuse.send = [refusal("MUTED", null, { until })];
  await bot.say(42, hello, signal);
  assert.ok(bot.isSilent(until * 1000 - 1));
  assert.ok(!bot.isSilent(until * 1000));
});

test("a bot notices that the show is over", async () => {
  const api = new FakeApi();
  const bot = new Bot(api, await open(api));
  api.refuse.send = [refusal("ROOM_NOT_LIVE")];
  assert.equal(await bot.say(42, hello, signal), false);
  assert.equal(await bot.say(42, hello, signal), true);
});
