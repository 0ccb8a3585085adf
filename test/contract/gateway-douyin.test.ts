// What the gateway itself does with requests of the short-video dialect, over stand-ins for services.

import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { Errors } from "moleculer";
import { type ErrorName, errors, fail } from "../../contracts/errors.ts";
import { type Behind, type StartedGateway, startGateway } from "../support/gateway.ts";

const SEND = "/douyin/message/action/";
const SENT = { to_user_id: "5", action_type: "1", content: "hello" };

async function send(gateway: StartedGateway) {
  const body = new URLSearchParams({ ...SENT, token: await gateway.token() });
  const response = await fetch(gateway.url + SEND, { method: "POST", body });
  return {
    status: response.status,
    headers: response.headers,
    answer: (await response.json()) as { status_code: number; status_msg: string },
  };
}

/** A gateway behind which sending a message does that. */
function sending(
  t: TestContext,
  handler: NonNullable<Behind["chat.send"]>,
): Promise<StartedGateway> {
  return startGateway(t, { "chat.send": handler });
}

describe("errors in the short-video dialect", () => {
  it("of what was asked come with HTTP status 200, their code and their words", async (t) => {
    const asked: ErrorName[] = ["USER_NOT_FOUND", "NOT_WITH_ONESELF", "FRIENDS_ONLY", "MUTED"];
    let next: ErrorName = "USER_NOT_FOUND";
    const gateway = await sending(t, () => fail(next, { secret: 1 }));
    for (next of asked) {
      const { status, answer } = await send(gateway);
      assert.equal(status, 200);
      const { douyin, message } = errors[next];
      assert.deepEqual(answer, { status_code: douyin, status_msg: message });
    }
  });

  it("of floods and faults keep their status, and say when to come back", async (t) => {
    let thrown: () => never = () => fail("RATE_LIMITED", { retry_after_ms: 2_500 });
    const gateway = await sending(t, () => thrown());
    const flood = await send(gateway);
    assert.deepEqual([flood.status, flood.answer.status_code], [429, 40018]);
    assert.equal(flood.headers.get("retry-after"), "3");

    thrown = () => {
      throw new Errors.ServiceNotFoundError({ action: "chat.send" });
    };
    const away = await send(gateway);
    assert.deepEqual([away.status, away.answer.status_code], [503, 40025]);
    assert.match(away.headers.get("retry-after") ?? "", /^[1-5]$/);
  });

  it("that nobody foresaw say nothing of what happened", async (t) => {
    const gateway = await sending(t, () => {
      throw new Error("SELECT secret FROM chats");
    });
    const { status, answer } = await send(gateway);
    assert.equal(status, 500);
    assert.deepEqual(answer, { status_code: 40014, status_msg: "internal error" });
    assert.ok(gateway.log.some((line) => line.startsWith("error") && line.includes("SELECT")));
  });

  it("of an inner action's parameters are no mistake of the client", async (t) => {
    const gateway = await sending(t, (ctx) => ctx.call("relation.follows", { follower: 0 }));
    assert.deepEqual((await send(gateway)).answer.status_code, 40014);
  });

  it("never repeat what was sent, nor the token", async (t) => {
    const gateway = await startGateway(t);
    const token = await gateway.token();
    const content = "hunter2".repeat(1_000);
    const body = new URLSearchParams({ ...SENT, content, token });
    const response = await fetch(gateway.url + SEND, { method: "POST", body });
    const text = await response.text();
    assert.ok(text.includes("content must have at most 500 characters"), text);
    for (const secret of ["hunter2", token])
      assert.ok(!text.includes(secret) && !gateway.log.some((line) => line.includes(secret)));
  });
});

describe("the gateway", () => {
  it("limits sign-ins of both dialects together", async (t) => {
    const gateway = await startGateway(t);
    await gateway.broker.call("config.set", { key: "gateway.sign_in_burst", value: 2 });
    await gateway.broker.call("config.set", { key: "gateway.sign_in_rate", value: 0.1 });
    const signIn = async (path: string) => {
      const body = new URLSearchParams({ username: "abcd", password: "secret" });
      return (await fetch(gateway.url + path, { method: "POST", body })).status;
    };
    assert.equal(await signIn("/login"), 200);
    assert.equal(await signIn("/douyin/user/login"), 200);
    assert.equal(await signIn("/douyin/user/register/"), 429);
    assert.equal(await signIn("/login"), 429);
  });

  it("tells what a path takes, with and without its slash, to any origin", async (t) => {
    const gateway = await startGateway(t);
    for (const path of [SEND, SEND.slice(0, -1)]) {
      const response = await fetch(gateway.url + path, { method: "OPTIONS" });
      assert.equal(response.status, 204);
      assert.equal(response.headers.get("allow"), "POST, OPTIONS");
      assert.equal(response.headers.get("access-control-allow-origin"), "*");
    }
    const twice = await fetch(`${gateway.url}${SEND}/`, { method: "OPTIONS" });
    assert.equal(twice.status, 404);
  });

  it("calls the action with numbers as numbers, on behalf of whose token it is", async (t) => {
    const seen: unknown[] = [];
    const gateway = await sending(t, (ctx) => {
      seen.push(ctx.params, (ctx.meta.user as { user_id: number }).user_id, ctx.meta.ip);
      return { id: 1 };
    });
    const { answer } = await send(gateway);
    assert.deepEqual(answer, { status_code: 0, status_msg: "success" });
    assert.deepEqual(seen, [{ to_user_id: 5, content: "hello" }, 7, "127.0.0.1"]);
  });

  it("is not ready as long as a service of this dialect is missing", async (t) => {
    const gateway = await startGateway(t);
    const ready = async () => (await fetch(`${gateway.url}/health/ready`)).status;
    assert.equal(await ready(), 200);
    await gateway.broker.destroyService("chat");
    assert.equal(await ready(), 503);
  });
});
