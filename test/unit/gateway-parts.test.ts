import assert from "node:assert/strict";
import { test } from "node:test";
import { neededServices, readiness } from "../../services/api/readiness.ts";
import { successJson } from "../../services/api/reply.ts";
import { saneRequestId } from "../../services/api/request-id.ts";
import { RouteTable } from "../../services/api/route-table.ts";
import { routes } from "../../services/api/routes.ts";
import { Serving } from "../../services/api/serving.ts";

const table = new RouteTable(routes);

test("endpoints are found by method and literal path", () => {
  const found = table.find("POST", "/login");
  assert.ok(found && "action" in found.route);
  assert.equal(found.route.action, "user.login");
  assert.equal(table.find("GET", "/login"), undefined);
  assert.equal(table.find("POST", "/LOGIN"), undefined);
});

test("HEAD is answered wherever GET is, but not for streams", () => {
  assert.equal(table.find("HEAD", "/room/live/list"), table.find("GET", "/room/live/list"));
  assert.equal(table.find("HEAD", "/message/live"), undefined);
});

test("a path tells its methods, an unknown one has none", () => {
  assert.deepEqual(table.methodsOf("/message/live"), ["POST", "GET"]);
  assert.deepEqual(table.methodsOf("/nowhere"), []);
});

test("no two routes share method and path", () => {
  const keys = routes.map(({ method, path }) => `${method} ${path}`);
  assert.deepEqual(keys, [...new Set(keys)]);
});

test("the services behind the routes are those that make the gateway ready", () => {
  const needed = neededServices(routes);
  assert.deepEqual(needed, ["live", "lottery", "message", "push", "storage", "user"]);
  assert.equal(readiness(needed, new Set(needed), false).ready, true);
  assert.equal(readiness(needed, new Set(needed), true).ready, false);
  assert.deepEqual(readiness(["live", "push", "user"], new Set(["live", "user"]), false), {
    ready: false,
    services: { live: true, push: false, user: true },
  });
});

test("the envelope comes before the result's own fields", () => {
  const start = '{"base_resp":{"status_code":0,"status_msg":"success"}';
  assert.equal(successJson({ id: 5 }), `${start},"id":5}`);
  assert.equal(successJson({}), `${start}}`);
  assert.equal(successJson(null), `${start}}`);
});

test("a client's request id is taken over only when it is short and plain", () => {
  assert.equal(saneRequestId("abc-DEF_123"), "abc-DEF_123");
  for (const odd of ["", "a".repeat(65), "a b", "a\nb", "é", undefined, ["a"]])
    assert.equal(saneRequestId(odd), null);
});

test("waiting for what is in progress ends with the last piece of it", async () => {
  const serving = new Serving();
  const { promise, resolve } = Promise.withResolvers<void>();
  const work = serving.during(() => promise);
  let idle = false;
  const waiting = serving.whenIdle(60_000).then(() => {
    idle = true;
  });
  await Promise.resolve();
  assert.equal(idle, false);
  resolve();
  await Promise.all([work, waiting]);
});

test("waiting for what never ends has an end", async () => {
  const serving = new Serving();
  void serving.during(() => new Promise(() => {}));
  await serving.whenIdle(1);
});
