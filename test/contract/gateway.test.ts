import assert from "node:assert/strict";
import { once } from "node:events";
import { Readable } from "node:stream";
import { describe, test } from "node:test";
import { Errors } from "moleculer";
import { broadcast } from "../../contracts/call.ts";
import { fail, ProductError } from "../../contracts/errors.ts";
import { douyinRoutes } from "../../services/api/douyin/routes.ts";
import { neededServices } from "../../services/api/readiness.ts";
import { routes } from "../../services/api/routes.ts";
import { type Behind, type StartedGateway, startGateway } from "../support/gateway.ts";
import { waitFor } from "../support/wait-for.ts";

interface Answer {
  status: number;
  headers: Headers;
  code: number;
  data: { fields?: { field: string; problem: string }[]; [detail: string]: unknown } | null;
  fields: Record<string, unknown>;
}

async function ask(
  gateway: StartedGateway,
  method: string,
  path: string,
  init: RequestInit = {},
): Promise<Answer> {
  const response = await fetch(gateway.url + path, { method, ...init });
  const text = await response.text();
  const { base_resp, data = null, ...fields } = text === "" ? { base_resp: {} } : JSON.parse(text);
  return {
    status: response.status,
    headers: response.headers,
    code: base_resp.status_code,
    data,
    fields,
  };
}

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
const json = (value: unknown): RequestInit => ({
  body: JSON.stringify(value),
  headers: { "Content-Type": "application/json" },
});

/** Answers what it was called with. */
const echo: Behind = {
  "push.send": (ctx) => ({ id: 1, params: ctx.params, user: ctx.meta.user }),
  "live.list": (ctx) => ({ rooms: [], total: 0, params: ctx.params, user: ctx.meta.user }),
  "user.login": (ctx) => ({ params: ctx.params }),
  "user.me": (ctx) => ({ user: ctx.meta.user, ip: ctx.meta.ip }),
};

describe("parameters", () => {
  const sent = { live_id: 5, type: 0, content: "弹幕 & 1" };

  test("come in the query, in a form and as JSON, and are the same to the action", async (t) => {
    const gateway = await startGateway(t, echo);
    const headers = bearer(await gateway.token());
    const text = new URLSearchParams({ live_id: "5", type: "0", content: "弹幕 & 1" });
    const byJson = json(sent);
    const answers = [
      await ask(gateway, "POST", `/message/live?${text}`, { headers }),
      await ask(gateway, "POST", "/message/live", { headers, body: text }),
      await ask(gateway, "POST", "/message/live", {
        ...byJson,
        headers: { ...byJson.headers, ...headers },
      }),
    ];
    for (const { status, fields } of answers) {
      assert.equal(status, 200);
      assert.deepEqual(fields.params, sent);
    }
  });

  test("may be spread over the query and the body", async (t) => {
    const gateway = await startGateway(t, echo);
    const headers = bearer(await gateway.token());
    const answer = await ask(gateway, "POST", "/message/live?live_id=5&type=0", {
      headers,
      body: new URLSearchParams({ content: "hi", live_id: "5" }),
    });
    assert.deepEqual(answer.fields.params, { live_id: 5, type: 0, content: "hi" });
  });

  test("that contradict each other, are repeated or unknown are named", async (t) => {
    const gateway = await startGateway(t, echo);
    const headers = bearer(await gateway.token());
    const answer = await ask(gateway, "POST", "/message/live?live_id=5&type=0&type=0&to=all", {
      headers,
      body: new URLSearchParams({ content: "hi", live_id: "6" }),
    });
    assert.equal(answer.status, 400);
    assert.deepEqual(
      answer.data?.fields?.map(({ field }) => field),
      ["type", "to", "live_id"],
    );
  });

  test("that a validator refuses are named, with what is wrong", async (t) => {
    const gateway = await startGateway(t, echo);
    const answer = await ask(gateway, "POST", "/message/live", {
      headers: bearer(await gateway.token()),
      body: new URLSearchParams({ live_id: "1e3", type: "7", content: "" }),
    });
    assert.equal(answer.status, 400);
    assert.equal(answer.code, 10001);
    assert.deepEqual(answer.data?.fields?.map(({ field }) => field).sort(), [
      "content",
      "live_id",
      "type",
    ]);
  });

  test("named like object internals are refused as unknown", async (t) => {
    const gateway = await startGateway(t, echo);
    const answer = await ask(gateway, "POST", "/login", {
      body: '{"username":"abcd","password":"secret","__proto__":{"admin":true},"constructor":1}',
      headers: { "Content-Type": "application/json" },
    });
    assert.deepEqual(
      answer.data?.fields?.map(({ field }) => field),
      ["__proto__", "constructor"],
    );
    assert.equal(({} as Record<string, unknown>).admin, undefined);
  });

  test("never show up in an answer that refuses them", async (t) => {
    const gateway = await startGateway(t, echo);
    const response = await fetch(`${gateway.url}/login`, {
      method: "POST",
      body: new URLSearchParams({ username: "abcd", password: "hunter2".repeat(20) }),
    });
    assert.equal(response.status, 400);
    assert.ok(!(await response.text()).includes("hunter2"));
  });

  test("are not needed: an empty body is fine whatever its type", async (t) => {
    const gateway = await startGateway(t, echo);
    const answer = await ask(gateway, "POST", "/logout", {
      headers: { ...bearer(await gateway.token()), "Content-Type": "text/plain" },
      body: "",
    });
    assert.equal(answer.status, 200);
  });
});

describe("who is calling", () => {
  test("is told by a bearer token, or by a token in query, form or JSON", async (t) => {
    const gateway = await startGateway(t, echo);
    const token = await gateway.token(7, 3);
    const message = { live_id: "5", type: "0", content: "hi" };
    const answers = [
      await ask(gateway, "GET", "/user/me", { headers: bearer(token) }),
      await ask(gateway, "GET", `/user/me?token=${token}`),
      await ask(gateway, "POST", "/message/live", {
        body: new URLSearchParams({ ...message, token }),
      }),
      await ask(gateway, "POST", "/message/live", json({ ...message, token })),
    ];
    for (const { fields } of answers)
      assert.deepEqual(fields.user, { user_id: 7, username: "user7", session_id: 3 });
  });

  test("is not passed on as a parameter", async (t) => {
    const gateway = await startGateway(t, echo);
    const answer = await ask(gateway, "GET", `/room/live/list?limit=5&token=anything`);
    assert.deepEqual(answer.fields.params, { limit: 5 });
  });

  test("must be said where an endpoint needs it", async (t) => {
    const gateway = await startGateway(t, echo);
    const answer = await ask(gateway, "GET", "/user/me");
    assert.equal(answer.status, 401);
    assert.equal(answer.code, 10000);
    assert.equal(answer.headers.get("www-authenticate"), "Bearer");
  });

  test("is refused when the token is expired, forged or of a session that was signed out", async (t) => {
    const gateway = await startGateway(t, {
      ...echo,
      "user.revoked": () => ({ sessions: [{ session_id: 8, until_ms: Date.now() + 60_000 }] }),
    });
    const code = async (token: string) =>
      (await ask(gateway, "GET", "/user/me", { headers: bearer(token) })).code;
    const good = await gateway.token();
    assert.equal(await code(good), 0);
    assert.equal(await code(await gateway.token(7, 1, -10)), 10002);
    assert.equal(await code(`${good.slice(0, -4)}AAAA`), 10003);
    assert.equal(await code("x"), 10003);
    assert.equal(await code(await gateway.token(7, 8)), 10029);
  });

  test("is refused from the moment the session is signed out", async (t) => {
    const gateway = await startGateway(t, echo);
    const headers = bearer(await gateway.token(7, 4));
    assert.equal((await ask(gateway, "GET", "/user/me", { headers })).status, 200);
    await broadcast(gateway.broker, "user.revoked", {
      session_id: 4,
      until_ms: Date.now() + 60_000,
    });
    assert.equal((await ask(gateway, "GET", "/user/me", { headers })).code, 10029);
  });

  test("is not believed while it is unknown which sessions were signed out", async (t) => {
    let reachable = false;
    const gateway = await startGateway(t, {
      ...echo,
      "user.revoked": () => (reachable ? { sessions: [] } : fail("UNAVAILABLE")),
    });
    const headers = bearer(await gateway.token());
    assert.equal((await ask(gateway, "GET", "/user/me", { headers })).status, 503);
    reachable = true;
    assert.equal((await ask(gateway, "GET", "/user/me", { headers })).status, 200);
  });

  test("matters where it is optional only if it is said, and then it must be right", async (t) => {
    const gateway = await startGateway(t, { "push.watch": () => fail("ROOM_NOT_FOUND") });
    assert.equal((await ask(gateway, "GET", "/message/live?live_id=5")).code, 10020);
    assert.equal((await ask(gateway, "GET", "/message/live?live_id=5&token=x")).code, 10003);
  });

  test("never gets into the log as a token", async (t) => {
    const gateway = await startGateway(t, {
      "user.me": () => {
        throw new Error("broken");
      },
    });
    const token = await gateway.token();
    await ask(gateway, "GET", `/user/me?token=${token}`);
    await ask(gateway, "GET", "/user/me?token=not-a-good-token");
    await ask(gateway, "GET", "/user/me", { headers: bearer(token) });
    const log = gateway.log.join("\n");
    assert.match(log, /error answered 500: broken/);
    assert.ok(!log.includes(token));
    assert.ok(!log.includes("not-a-good-token"));
  });

  test("comes with the client's address, of which proxies of ours are believed", async (t) => {
    const gateway = await startGateway(t, echo, { TRUST_PROXY: "1" });
    const answer = await ask(gateway, "GET", "/user/me", {
      headers: { ...bearer(await gateway.token()), "X-Forwarded-For": "1.1.1.1, 203.0.113.9" },
    });
    assert.equal(answer.fields.ip, "203.0.113.9");
  });
});

describe("errors", () => {
  test("of the registry arrive with their status, code and data", async (t) => {
    const gateway = await startGateway(t, {
      "live.single": () => fail("ROOM_NOT_FOUND", { live_id: 5 }),
    });
    const answer = await ask(gateway, "GET", "/room/live/single?live_id=5");
    assert.equal(answer.status, 404);
    assert.equal(answer.code, 10020);
    assert.deepEqual(answer.data, { live_id: 5 });
  });

  test("that nobody foresaw say nothing, and are logged with the request's id", async (t) => {
    const gateway = await startGateway(t, {
      "live.single": () => {
        throw new Error("SELECT secret FROM rooms");
      },
    });
    const response = await fetch(`${gateway.url}/room/live/single?live_id=5`, {
      headers: { "X-Request-ID": "trace-me" },
    });
    assert.equal(response.status, 500);
    assert.ok(!(await response.text()).includes("SELECT"));
    const line = gateway.log.find(
      (entry) => entry.includes("SELECT secret") && entry.startsWith("error"),
    );
    assert.match(line ?? "", /trace-me/);
    assert.match(line ?? "", /GET \/room\/live\/single/);
  });

  test("of a client are not logged as errors or warnings", async (t) => {
    const gateway = await startGateway(t);
    await ask(gateway, "GET", "/room/live/single?live_id=x");
    await ask(gateway, "GET", "/nowhere");
    assert.deepEqual(
      gateway.log.filter((line) => /^(warn|error|fatal) /.test(line) && line.includes("answered")),
      [],
    );
  });

  test("of services that are not there are 503 with a time to come back", async (t) => {
    const gateway = await startGateway(t, {
      "live.single": () => {
        throw new Errors.ServiceNotFoundError({ action: "live.single" });
      },
    });
    const answer = await ask(gateway, "GET", "/room/live/single?live_id=5");
    assert.equal(answer.status, 503);
    assert.equal(answer.code, 10025);
    assert.match(answer.headers.get("retry-after") ?? "", /^[1-5]$/);
    assert.equal(answer.data, null);
  });
});

describe("sign-ins", () => {
  test("are limited per address, and say when to come back", async (t) => {
    const gateway = await startGateway(t, echo);
    await gateway.broker.call("config.set", { key: "gateway.sign_in_burst", value: 2 });
    await gateway.broker.call("config.set", { key: "gateway.sign_in_rate", value: 0.1 });
    const signIn = () =>
      ask(gateway, "POST", "/login", json({ username: "abcd", password: "secret" }));
    assert.equal((await signIn()).status, 200);
    assert.equal((await signIn()).status, 200);
    const refused = await signIn();
    assert.equal(refused.status, 429);
    assert.equal(refused.code, 10018);
    assert.equal(refused.headers.get("retry-after"), "10");
    assert.equal((await ask(gateway, "GET", "/room/live/list")).status, 200);
  });
});

describe("paths and methods", () => {
  test("that do not exist are 404 and 405 in the envelope", async (t) => {
    const gateway = await startGateway(t);
    for (const path of ["/nowhere", "/room/live/list/", "//room/live/list", "/ROOM/live/list"])
      assert.equal((await ask(gateway, "GET", path)).code, 10026, path);
    const wrong = await ask(gateway, "PUT", "/message/live");
    assert.equal(wrong.status, 405);
    assert.equal(wrong.code, 10027);
    assert.equal(wrong.headers.get("allow"), "POST, GET");
  });

  test("do not reach actions by their names", async (t) => {
    const gateway = await startGateway(t);
    for (const path of [
      "/user/me/",
      "/live.card?live_id=5",
      "/live/card",
      "/~node/list",
      "/api/list-aliases",
    ])
      assert.ok([401, 404].includes((await ask(gateway, "GET", path)).status), path);
  });

  test("answer HEAD like GET, without a body", async (t) => {
    const gateway = await startGateway(t, echo);
    const get = await ask(gateway, "GET", "/room/live/list");
    const head = await fetch(`${gateway.url}/room/live/list`, { method: "HEAD" });
    assert.equal(head.status, 200);
    assert.equal(head.headers.get("content-length"), get.headers.get("content-length"));
    assert.equal(await head.text(), "");
    assert.equal(
      (await fetch(`${gateway.url}/message/live?live_id=5`, { method: "HEAD" })).status,
      405,
    );
  });

  test("answer a browser's preflight for any origin", async (t) => {
    const gateway = await startGateway(t);
    const answer = await ask(gateway, "OPTIONS", "/message/live", {
      headers: {
        Origin: "https://example.org",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
      },
    });
    assert.equal(answer.status, 204);
    assert.equal(answer.headers.get("access-control-allow-origin"), "*");
    assert.equal(answer.headers.get("access-control-allow-credentials"), null);
    assert.match(answer.headers.get("access-control-allow-headers") ?? "", /Authorization/);
    assert.match(answer.headers.get("access-control-allow-methods") ?? "", /POST/);
    assert.ok(Number(answer.headers.get("access-control-max-age")) > 0);
  });

  test("answer OPTIONS with what they allow, unknown ones with 404", async (t) => {
    const gateway = await startGateway(t);
    const known = await ask(gateway, "OPTIONS", "/login");
    assert.equal(known.status, 204);
    assert.equal(known.headers.get("allow"), "POST, OPTIONS");
    assert.equal((await ask(gateway, "OPTIONS", "/nowhere")).status, 404);
  });
});

describe("answers", () => {
  test("carry security headers and no hint of what runs behind", async (t) => {
    const gateway = await startGateway(t);
    for (const path of ["/health/live", "/nowhere", "/", "/openapi.json"]) {
      const { headers } = await fetch(gateway.url + path);
      assert.equal(headers.get("x-content-type-options"), "nosniff");
      assert.equal(headers.get("referrer-policy"), "no-referrer");
      assert.equal(headers.get("access-control-allow-origin"), "*");
      assert.equal(headers.get("x-powered-by"), null);
      assert.equal(headers.get("server"), null);
    }
  });

  test("carry the client's request id if it is sane, else one of ours", async (t) => {
    const gateway = await startGateway(t);
    const idFor = async (sent: string) =>
      (
        await fetch(`${gateway.url}/health/live`, { headers: { "X-Request-ID": sent } })
      ).headers.get("x-request-id");
    assert.equal(await idFor("my-id_1"), "my-id_1");
    const ours = await idFor("a b");
    assert.match(ours ?? "", /^[A-Za-z0-9_-]{1,64}$/);
    assert.notEqual(ours, await idFor("x".repeat(65)));
  });

  test("are not kept by caches", async (t) => {
    const gateway = await startGateway(t);
    assert.equal(
      (await ask(gateway, "GET", "/room/live/list")).headers.get("cache-control"),
      "no-store",
    );
  });
});

describe("files", () => {
  const path = "/message/history/export?live_id=5&format=xml";
  const source = (chunks: AsyncIterable<string> | Iterable<string>): Behind => ({
    "message.export": () => Readable.from(chunks),
  });

  test("come as they are, with a name and a type", async (t) => {
    const gateway = await startGateway(t, source(["<i>", "</i>"]));
    const response = await fetch(gateway.url + path);
    assert.equal(await response.text(), "<i></i>");
    assert.equal(response.headers.get("content-type"), "application/xml; charset=utf-8");
    assert.equal(
      response.headers.get("content-disposition"),
      'attachment; filename="danmaku-5.xml"',
    );
  });

  test("whose source fails at once are an error like any other", async (t) => {
    const gateway = await startGateway(
      t,
      source(
        (async function* () {
          yield await Promise.reject(new ProductError("HISTORY_FAILED"));
        })(),
      ),
    );
    const answer = await ask(gateway, "GET", path);
    assert.equal(answer.code, 10010);
  });

  test("whose source fails midway are cut, so that no client takes the part for the whole", async (t) => {
    const gateway = await startGateway(
      t,
      source(
        (async function* () {
          yield "<i>".repeat(1000);
          fail("HISTORY_FAILED");
        })(),
      ),
    );
    const response = await fetch(gateway.url + path);
    await assert.rejects(response.text());
  });

  test("that a client stops to read are let go without an error", async (t) => {
    const stream = Readable.from(
      (async function* () {
        for (;;) yield "<d/>".repeat(10_000);
      })(),
    );
    const gateway = await startGateway(t, { "message.export": () => stream });
    const abort = new AbortController();
    const closed = once(stream, "close").catch(() => {});
    const response = await fetch(gateway.url + path, { signal: abort.signal });
    assert.equal(response.status, 200);
    abort.abort();
    await closed;
    await ask(gateway, "GET", "/health/live");
    assert.deepEqual(
      gateway.log.filter((line) => /^(error|fatal) /.test(line)),
      [],
    );
  });

  test("are not read for HEAD", async (t) => {
    const stream = Readable.from(["<i></i>"]);
    const gateway = await startGateway(t, { "message.export": () => stream });
    const closed = once(stream, "close");
    const head = await fetch(gateway.url + path, { method: "HEAD" });
    assert.equal(head.status, 200);
    await closed;
  });
});

describe("operations", () => {
  const allOf = (value: boolean) =>
    Object.fromEntries(neededServices(routes, douyinRoutes).map((name) => [name, value]));

  test("ready is yes while all services are there", async (t) => {
    const gateway = await startGateway(t);
    const answer = await ask(gateway, "GET", "/health/ready");
    assert.equal(answer.status, 200);
    assert.deepEqual(answer.fields.services, allOf(true));
  });

  test("ready is no when a service is gone, alive stays yes", async (t) => {
    const gateway = await startGateway(t);
    const message = gateway.broker.getLocalService("message");
    await gateway.broker.destroyService(message);
    const answer = await ask(gateway, "GET", "/health/ready");
    assert.equal(answer.status, 503);
    assert.equal(answer.code, 10025);
    const { services } = answer.data as { services: object };
    assert.deepEqual(services, { ...allOf(true), message: false });
    assert.equal((await ask(gateway, "GET", "/health/live")).status, 200);
  });

  test("a stop lets requests in progress finish before any service ends", async (t) => {
    const { promise: started, resolve: begin } = Promise.withResolvers<void>();
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    let othersStopped = false;
    const gateway = await startGateway(t, {
      "live.single": async () => {
        begin();
        await held;
        assert.equal(othersStopped, false);
        return { room: {} };
      },
    });
    gateway.broker.createService({
      name: "witness",
      stopped() {
        othersStopped = true;
      },
    });
    const pending = ask(gateway, "GET", "/room/live/single?live_id=5");
    await started;
    const stopped = gateway.broker.stop();
    await waitFor(async () => {
      await assert.rejects(fetch(`${gateway.url}/health/live`));
      return true;
    });
    release();
    const answer = await pending;
    assert.equal(answer.status, 200);
    await stopped;
  });

  test("pages are whole, run nothing from elsewhere and are asked for again only when they change", async (t) => {
    const gateway = await startGateway(t);
    for (const path of ["/", "/docs"]) {
      const response = await fetch(gateway.url + path);
      const html = await response.text();
      assert.match(response.headers.get("content-security-policy") ?? "", /default-src 'none'/);
      assert.doesNotMatch(html, /(src|href)="(https?:)?\/\//);
      for (const [, asset] of html.matchAll(/(?:src|href)="(\/[^"#]*)"/g))
        assert.equal((await fetch(gateway.url + asset)).status, 200, asset);
      const again = await fetch(gateway.url + path, {
        headers: { "If-None-Match": response.headers.get("etag") ?? "" },
      });
      assert.equal(again.status, 304);
    }
  });
});
