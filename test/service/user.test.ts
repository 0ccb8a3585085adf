import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import type { Context, ServiceBroker, ServiceSchema } from "moleculer";
import type { Options } from "sequelize";
import type { ActionName, Params, Result } from "../../contracts/actions.ts";
import { call } from "../../contracts/call.ts";
import { errorName } from "../../contracts/errors.ts";
import type { Session } from "../../contracts/objects.ts";
import { verifyAccessToken } from "../../lib/token.ts";
import { runtimeOf } from "../../mixins/runtime.ts";
import config from "../../services/config/config.service.ts";
import { sessionRepo } from "../../services/user/session.repo.ts";
import user from "../../services/user/user.service.ts";
import { cleanUp } from "../support/cleanup.ts";
import { startNode } from "../support/node.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

const DAY = 24 * 3600 * 1000;
const ALICE = { username: "alice", password: "correct horse" };

type Revoked = { session_id: number; until_ms: number };

/** A node with accounts, and what it broadcast about sessions. */
async function start(t: TestContext, dataDir?: string) {
  const revoked: Revoked[] = [];
  const listener: ServiceSchema = {
    name: "listener",
    events: {
      "user.revoked"(ctx: Context<Revoked>) {
        revoked.push(ctx.params);
      },
    },
  };
  const broker = await startNode(t, {
    services: [config, user, listener],
    env: { DATA_DIR: dataDir ?? (await tempDir(t)) },
  });
  const register = (who = ALICE) => call(broker, "user.register", who);
  const login = (who = ALICE) => call(broker, "user.login", who);
  const refresh = (token: string) => call(broker, "user.refresh", { refresh_token: token });
  return { broker, revoked, register, login, refresh, sql: statements(broker) };
}

/** Runs one statement on the node's own database. */
function statements(broker: ServiceBroker) {
  return async (text: string) => (await runtimeOf(broker).database.query(text))[0] as object[];
}

/** Calls as the gateway would for the holder of that session's access token. */
async function as<A extends ActionName>(
  broker: ServiceBroker,
  session: Session,
  action: A,
  params: Params<A>,
): Promise<Result<A>> {
  const user = await verifyAccessToken(runtimeOf(broker).signingKey, session.token, Date.now());
  return call(broker, action, params, { meta: { user } });
}

const sessionOf = async (broker: ServiceBroker, { token }: Session) =>
  (await verifyAccessToken(runtimeOf(broker).signingKey, token, Date.now())).session_id;

describe("user.register", () => {
  it("answers an access token that names the new account, and a refresh token", async (t) => {
    const { broker, register } = await start(t);
    const session = await register();
    const before = Date.now();
    const verified = await verifyAccessToken(
      runtimeOf(broker).signingKey,
      session.token,
      Date.now(),
    );
    assert.equal(verified.user_id, session.user_id);
    assert.equal(verified.username, "alice");
    assert.ok(verified.expires_ms > before + 890_000 && verified.expires_ms <= before + 900_000);
    assert.match(session.refresh_token, /^[A-Za-z0-9_-]{43}$/);
  });

  it("keeps neither the password nor the refresh token in clear", async (t) => {
    const { register, sql } = await start(t);
    const { refresh_token } = await register();
    const kept = JSON.stringify([
      await sql("SELECT * FROM users"),
      await sql("SELECT * FROM sessions"),
    ]);
    assert.match(kept, /\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    assert.ok(!kept.includes(ALICE.password));
    assert.ok(!kept.includes(refresh_token));
  });

  it("refuses a name that is taken", async (t) => {
    const { register } = await start(t);
    await register();
    await assert.rejects(register({ ...ALICE, password: "another one" }), { type: "USER_EXISTS" });
  });

  it("tells names apart that differ in case or in an accent", async (t) => {
    const { register } = await start(t);
    for (const username of ["zoé1", "zoe1", "Zoe1", "ZOE1"]) await register({ ...ALICE, username });
  });

  it("refuses a name with a space at an end", async (t) => {
    const { register } = await start(t);
    for (const username of [" alice", "alice ", "alice\u3000"])
      await assert.rejects(register({ ...ALICE, username }), { type: "VALIDATION_ERROR" });
  });

  it("gives a name that twenty ask for at once to one of them", async (t) => {
    const { register, sql } = await start(t);
    const attempts = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) => register({ ...ALICE, password: `secret ${index}` })),
    );
    const lost = attempts.filter((attempt) => attempt.status === "rejected");
    assert.equal(lost.length, 19);
    for (const { reason } of lost) assert.equal(errorName(reason), "USER_EXISTS");
    assert.deepEqual(await sql("SELECT count(*) AS n FROM users"), [{ n: 1 }]);
    assert.deepEqual(await sql("SELECT count(*) AS n FROM sessions"), [{ n: 1 }]);
  });

  it("can be switched off while the system runs, and sign-in still works", async (t) => {
    const { broker, register, login } = await start(t);
    await register();
    await call(broker, "config.set", { key: "features.register", value: false });
    const bob = { ...ALICE, username: "bobby" };
    await waitFor(async () => {
      await assert.rejects(register(bob), { type: "FEATURE_OFF", code: 403 });
      return true;
    });
    await login();
  });

  it("says only that it failed when the database breaks", async (t) => {
    const { register, sql } = await start(t);
    await sql("ALTER TABLE users RENAME TO gone");
    await assert.rejects(register(), (error: Error & { type: string; data: unknown }) => {
      assert.equal(error.type, "REGISTER_FAILED");
      assert.equal(error.message, "register failed");
      assert.equal(error.data, null);
      return true;
    });
  });
});

describe("user.login", () => {
  it("opens another session of the same account", async (t) => {
    const { broker, register, login } = await start(t);
    const first = await register();
    const second = await login();
    assert.equal(second.user_id, first.user_id);
    assert.notEqual(await sessionOf(broker, second), await sessionOf(broker, first));
  });

  it("refuses a wrong password", async (t) => {
    const { register, login } = await start(t);
    await register();
    await assert.rejects(login({ ...ALICE, password: "Correct horse" }), {
      type: "WRONG_PASSWORD",
      code: 401,
    });
  });

  it("refuses an unknown name, also one that differs by case or a space", async (t) => {
    const { register, login } = await start(t);
    await register();
    for (const username of ["bob", "Alice", "alice "])
      await assert.rejects(login({ ...ALICE, username }), { type: "USER_NOT_FOUND", code: 404 });
  });

  it("takes as long for an unknown name as for a wrong password", async (t) => {
    const { register, login } = await start(t);
    await register();
    const took = async (who: typeof ALICE) => {
      const before = performance.now();
      await assert.rejects(login(who));
      return performance.now() - before;
    };
    const wrong: number[] = [];
    const unknown: number[] = [];
    for (let round = 0; round < 7; round++) {
      wrong.push(await took({ ...ALICE, password: "wrong" }));
      unknown.push(await took({ ...ALICE, username: "nobody" }));
    }
    const median = (times: number[]) => times.sort((a, b) => a - b)[3] ?? 0;
    // Without a hash the unknown name would be answered in a tenth of the time.
    const ratio = median(unknown) / median(wrong);
    assert.ok(ratio > 1 / 3 && ratio < 3, `ratio ${ratio}`);
  });

  it("says only that it failed when the database breaks", async (t) => {
    const { register, login, sql } = await start(t);
    await register();
    await sql("ALTER TABLE users RENAME TO gone");
    await assert.rejects(login(), { type: "LOGIN_FAILED", data: null });
  });

  it("is unavailable, and says when to come back, while the database is locked", async (t) => {
    const { broker, register, login } = await start(t);
    await register();
    const { database } = runtimeOf(broker);
    await database.query("PRAGMA busy_timeout = 10");
    const lock = await database.transaction();
    cleanUp(t, () => lock.rollback());
    await database.query("UPDATE users SET create_time = 1", { transaction: lock });
    await assert.rejects(login(), (error: { type: string; data: { retry_after_ms: number } }) => {
      assert.equal(error.type, "UNAVAILABLE");
      assert.ok(error.data.retry_after_ms > 0);
      return true;
    });
  });

  it("keeps no more than 32 sessions of one account, the newest", async (t) => {
    const { register, login, refresh, sql } = await start(t);
    const first = await register();
    const later: Session[] = [];
    for (let n = 0; n < 32; n++) later.push(await login());
    assert.deepEqual(await sql("SELECT count(*) AS n FROM sessions"), [{ n: 32 }]);
    await assert.rejects(refresh(first.refresh_token), { type: "TOKEN_INVALID" });
    await refresh(later[0]?.refresh_token ?? "");
  });
});

describe("user.refresh", () => {
  it("answers a new pair of tokens for the same session", async (t) => {
    const { broker, register, refresh } = await start(t);
    const first = await register();
    const second = await refresh(first.refresh_token);
    assert.notEqual(second.refresh_token, first.refresh_token);
    assert.equal(await sessionOf(broker, second), await sessionOf(broker, first));
    const third = await refresh(second.refresh_token);
    const { user: account } = await as(broker, third, "user.me", {});
    assert.equal(account.user_id, first.user_id);
  });

  it("signs the session out when a token comes a second time", async (t) => {
    const { broker, revoked, register, refresh } = await start(t);
    const first = await register();
    const second = await refresh(first.refresh_token);
    await assert.rejects(refresh(first.refresh_token), { type: "TOKEN_REVOKED", code: 401 });
    await assert.rejects(refresh(second.refresh_token), { type: "TOKEN_REVOKED" });
    assert.deepEqual(
      revoked.map(({ session_id }) => session_id),
      [await sessionOf(broker, first)],
    );
  });

  it("recognises a token that was used many rotations ago", async (t) => {
    const { register, refresh } = await start(t);
    const first = await register();
    let last = first;
    for (let n = 0; n < 5; n++) last = await refresh(last.refresh_token);
    await assert.rejects(refresh(first.refresh_token), { type: "TOKEN_REVOKED" });
    await assert.rejects(refresh(last.refresh_token), { type: "TOKEN_REVOKED" });
  });

  it("leaves the account's other sessions alone when it signs one out", async (t) => {
    const { register, login, refresh } = await start(t);
    const stolen = await register();
    const other = await login();
    await refresh(stolen.refresh_token);
    await assert.rejects(refresh(stolen.refresh_token), { type: "TOKEN_REVOKED" });
    await refresh(other.refresh_token);
  });

  it("serves one of ten that use a token at once, and signs the session out", async (t) => {
    const { broker, revoked, register, refresh } = await start(t);
    const first = await register();
    const attempts = await Promise.allSettled(
      Array.from({ length: 10 }, () => refresh(first.refresh_token)),
    );
    const won = attempts.filter((attempt) => attempt.status === "fulfilled");
    const lost = attempts.filter((attempt) => attempt.status === "rejected");
    assert.equal(won.length, 1);
    for (const { reason } of lost) assert.equal(errorName(reason), "TOKEN_REVOKED");
    await assert.rejects(refresh(won[0]?.value.refresh_token ?? ""), { type: "TOKEN_REVOKED" });
    assert.deepEqual(
      revoked.map(({ session_id }) => session_id),
      [await sessionOf(broker, first)],
    );
  });

  it("gives out nothing more for a session that is signed out meanwhile", async (t) => {
    const { broker, register, sql } = await start(t);
    const { user_id } = await register();
    const rows = await sql("SELECT id, token_sum FROM sessions");
    const [{ id, token_sum }] = rows as [{ id: number; token_sum: string }];
    const store = sessionRepo(runtimeOf(broker).database.model("sessions") as never);
    await store.revoke({ id, user_id });
    const next = { token_sum: "next", expires_ms: 9e15, access_until_ms: 9e15 };
    assert.equal(await store.rotate(id, token_sum, next), false);
    assert.deepEqual(await sql("SELECT id, token_sum FROM sessions"), rows);
  });

  it("refuses a token that was never given out", async (t) => {
    const { register, refresh } = await start(t);
    const { refresh_token, token } = await register();
    const reversed = Array.from(refresh_token).reverse().join("");
    for (const text of ["x", "A".repeat(43), reversed, token])
      await assert.rejects(refresh(text), { type: "TOKEN_INVALID", code: 401 });
    await refresh(refresh_token);
  });

  it("refuses after thirty days without a refresh, and each refresh starts them anew", async (t) => {
    const { register, refresh, sql } = await start(t);
    const first = await register();
    const expiry = async () =>
      ((await sql("SELECT expires_ms FROM sessions")) as { expires_ms: number }[])[0]?.expires_ms ??
      0;
    const given = (await expiry()) - Date.now();
    assert.ok(given > 30 * DAY - 60_000 && given <= 30 * DAY);
    await sql(`UPDATE sessions SET expires_ms = ${Date.now() + 60_000}`);
    const second = await refresh(first.refresh_token);
    assert.ok((await expiry()) > Date.now() + 29 * DAY);
    await sql(`UPDATE sessions SET expires_ms = ${Date.now()}`);
    await assert.rejects(refresh(second.refresh_token), { type: "TOKEN_EXPIRED" });
  });

  it("refuses when the account is gone", async (t) => {
    const { register, refresh, sql } = await start(t);
    const session = await register();
    await sql("DELETE FROM users");
    await assert.rejects(refresh(session.refresh_token), { type: "TOKEN_INVALID" });
  });
});

describe("user.logout", () => {
  it("needs a caller", async (t) => {
    const { broker } = await start(t);
    await assert.rejects(call(broker, "user.logout", {}), { type: "NEED_LOGIN" });
  });

  it("ends this session: its refresh token is refused afterwards, another session's is not", async (t) => {
    const { broker, register, login, refresh } = await start(t);
    const here = await register();
    const there = await login();
    assert.deepEqual(await as(broker, here, "user.logout", {}), {});
    await assert.rejects(refresh(here.refresh_token), { type: "TOKEN_REVOKED" });
    await refresh(there.refresh_token);
  });

  it("tells everybody until when the session's access tokens are void", async (t) => {
    const { broker, revoked, register, refresh } = await start(t);
    const session = await refresh((await register()).refresh_token);
    const key = runtimeOf(broker).signingKey;
    const { session_id, expires_ms } = await verifyAccessToken(key, session.token, Date.now());
    await as(broker, session, "user.logout", {});
    assert.deepEqual(revoked, [{ session_id, until_ms: expires_ms }]);
  });

  it("does nothing the second time", async (t) => {
    const { broker, revoked, register } = await start(t);
    const session = await register();
    await as(broker, session, "user.logout", {});
    assert.deepEqual(await as(broker, session, "user.logout", {}), {});
    assert.equal(revoked.length, 1);
  });

  it("also voids the tokens of a session that was dropped for newer ones", async (t) => {
    const { broker, revoked, register, login, sql } = await start(t);
    const session = await register();
    const id = await sessionOf(broker, session);
    await sql(`DELETE FROM sessions WHERE id = ${id}`);
    for (const _ of [1, 2]) await as(broker, session, "user.logout", {});
    await login();
    assert.deepEqual(
      revoked.map(({ session_id }) => session_id),
      [id],
    );
    assert.ok((revoked[0]?.until_ms ?? 0) > Date.now() + 6 * DAY);
    const { sessions } = await call(broker, "user.revoked", {});
    assert.deepEqual(sessions, revoked);
  });

  it("does not end a session that belongs to somebody else", async (t) => {
    const { broker, revoked, register, refresh } = await start(t);
    const alice = await register();
    const mallory = await register({ ...ALICE, username: "mallory" });
    const session_id = await sessionOf(broker, alice);
    const meta = { user: { user_id: mallory.user_id, username: "mallory", session_id } };
    await call(broker, "user.logout", {}, { meta });
    assert.deepEqual(revoked, []);
    await refresh(alice.refresh_token);
  });

  it("counts although a listener to the event fails", async (t) => {
    const { broker, register, refresh } = await start(t);
    await broker.createService({
      name: "broken",
      events: {
        "user.revoked"() {
          throw new Error("broken listener");
        },
      },
    });
    const session = await register();
    assert.deepEqual(await as(broker, session, "user.logout", {}), {});
    await assert.rejects(refresh(session.refresh_token), { type: "TOKEN_REVOKED" });
  });
});

describe("user.revoked", () => {
  it("lists the sessions signed out, also after a restart", async (t) => {
    const folder = await tempDir(t);
    const { broker, register, login } = await start(t, folder);
    await register();
    const session = await login();
    await as(broker, session, "user.logout", {});
    const { sessions } = await call(broker, "user.revoked", {});
    assert.deepEqual(
      sessions.map(({ session_id }) => session_id),
      [await sessionOf(broker, session)],
    );
    await broker.stop();
    const restarted = await start(t, folder);
    assert.deepEqual(await call(restarted.broker, "user.revoked", {}), { sessions });
  });

  it("forgets a session once its last access token has expired", async (t) => {
    const { broker, register, sql } = await start(t);
    await as(broker, await register(), "user.logout", {});
    await sql(`UPDATE sessions SET revoked_until_ms = ${Date.now()}`);
    assert.deepEqual(await call(broker, "user.revoked", {}), { sessions: [] });
  });
});

describe("user.me", () => {
  it("needs a caller", async (t) => {
    const { broker } = await start(t);
    await assert.rejects(call(broker, "user.me", {}), { type: "NEED_LOGIN" });
  });

  it("answers the account and nothing of its password", async (t) => {
    const { broker, register } = await start(t);
    const session = await register();
    const { user: account } = await as(broker, session, "user.me", {});
    assert.deepEqual(Object.keys(account).sort(), ["create_time", "user_id", "username"]);
    assert.equal(account.user_id, session.user_id);
    assert.equal(account.username, "alice");
    assert.ok(Math.abs(account.create_time - Date.now() / 1000) < 60);
  });

  it("does not find an account that is gone", async (t) => {
    const { broker, register, sql } = await start(t);
    const session = await register();
    await sql("DELETE FROM users");
    await assert.rejects(as(broker, session, "user.me", {}), { type: "USER_NOT_FOUND" });
  });
});

describe("user.brief", () => {
  it("names the accounts that exist and leaves the others out", async (t) => {
    const { broker, register } = await start(t);
    const alice = await register();
    const bob = await register({ ...ALICE, username: "bobby" });
    const { users } = await call(broker, "user.brief", {
      user_ids: [bob.user_id, 1, alice.user_id],
    });
    const now = Date.now() / 1000;
    assert.deepEqual(
      users
        .sort((a, b) => a.user_id - b.user_id)
        .map(({ create_time, ...user }) => ({ ...user, isNew: Math.abs(now - create_time) < 60 })),
      [
        { user_id: alice.user_id, username: "alice", isNew: true },
        { user_id: bob.user_id, username: "bobby", isNew: true },
      ],
    );
  });
});

describe("user", () => {
  it("knows accounts and sessions again after a restart", async (t) => {
    const folder = await tempDir(t);
    const before = await start(t, folder);
    const session = await before.register();
    await before.broker.stop();
    const after = await start(t, folder);
    assert.equal((await after.login()).user_id, session.user_id);
    assert.equal((await as(after.broker, session, "user.me", {})).user.username, "alice");
    await after.refresh(session.refresh_token);
  });

  it("removes sessions that are over when it starts, and only those", async (t) => {
    const folder = await tempDir(t);
    const before = await start(t, folder);
    const { user_id } = await before.register();
    const over = Array.from(
      { length: 1200 },
      (_, n) => `(${n + 1},${user_id},'f${n}','t',${n},0,0)`,
    );
    await before.sql(`INSERT INTO sessions VALUES ${over.join(",")}`);
    await before.broker.stop();
    const after = await start(t, folder);
    const left = () => after.sql("SELECT count(*) AS n FROM sessions") as Promise<{ n: number }[]>;
    await waitFor(async () => (await left())[0]?.n === 1);
  });

  it("publishes no action beyond its contract", async (t) => {
    const { broker } = await start(t);
    const actions = broker.registry.actions.list({ onlyLocal: true }) as { name: string }[];
    assert.deepEqual(
      actions
        .map(({ name }) => name)
        .filter((name) => name.startsWith("user."))
        .sort(),
      [
        "avatar",
        "background",
        "brief",
        "cards",
        "enter",
        "join",
        "login",
        "logout",
        "me",
        "refresh",
        "register",
        "revoked",
      ].map((name) => `user.${name}`),
    );
  });
});

describe("user.join and user.enter", () => {
  it("give one token of a session that can be signed out, good for a week", async (t) => {
    const { broker } = await start(t);
    const account = { username: "n".repeat(32), password: "12345" };
    const joined = await call(broker, "user.join", account);
    const entered = await call(broker, "user.enter", account);
    assert.equal(entered.user_id, joined.user_id);
    for (const session of [joined, entered]) {
      assert.deepEqual(Object.keys(session).sort(), ["token", "user_id"]);
      const { signingKey } = runtimeOf(broker);
      const soon = Date.now() + 6.9 * 24 * 3600 * 1000;
      const caller = await verifyAccessToken(signingKey, session.token, soon);
      assert.equal(caller.username, account.username);
      await call(broker, "user.logout", {}, { meta: { user: caller } });
    }
    const { sessions } = await call(broker, "user.revoked", {});
    assert.equal(sessions.length, 2);
  });
});

describe("user.cards", () => {
  it("shows those accounts that exist", async (t) => {
    const { broker } = await start(t);
    const { user_id } = await call(broker, "user.join", {
      username: "somebody",
      password: "12345",
    });
    const { users } = await call(broker, "user.cards", { user_ids: [user_id, 5] });
    const none = { avatar: "", background_image: "", signature: "" };
    assert.deepEqual(users, [{ user_id, username: "somebody", ...none }]);
  });

  it("are read once, and again when an image has changed", async (t) => {
    const { broker } = await start(t);
    let queries = 0;
    const { options } = runtimeOf(broker).database as unknown as { options: Options };
    options.logging = () => {
      queries += 1;
    };
    let images = 0;
    const storage: ServiceSchema = {
      name: "storage",
      actions: {
        image: () => ({ key: `image/${++images}.webp`, turn: images }),
        settle: () => ({}),
      },
    };
    broker.createService(storage);
    await broker.waitForServices("storage");
    const person = { username: "somebody", password: "12345" };
    const { user_id } = await call(broker, "user.join", person);
    const avatar = async () =>
      (await call(broker, "user.cards", { user_ids: [user_id] })).users[0]?.avatar;
    const meta = { user: { user_id, username: person.username, session_id: 1 } };
    const upload = { object: "incoming/1", size: 1, sha256: "0".repeat(64) };
    for (let n = 1; n <= 3; n++) {
      await call(broker, "user.avatar", { upload }, { meta });
      queries = 0;
      assert.equal(await avatar(), `/media/image/${n}.webp`);
      assert.equal(queries, 1);
      assert.equal(await avatar(), `/media/image/${n}.webp`);
      assert.equal(queries, 1);
    }
  });
});

describe("passwords", () => {
  it("are refused when they are no text: all lone surrogates would hash alike", async (t) => {
    const { broker } = await start(t);
    await assert.rejects(
      call(broker, "user.register", { username: "someone", password: "pass\ud800word" }),
      { type: "VALIDATION_ERROR" },
    );
  });
});
