import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { errors } from "../../../contracts/errors.ts";
import { api, bystander, newShow } from "./suite.ts";

/** The codes that clients of the original know; they must never change. */
const ORIGINAL_CODES: Record<number, string> = {
  10000: "need login",
  10001: "bad request",
  10002: "token expired",
  10003: "token invalid",
  10004: "register failed",
  10005: "user already exists",
  10006: "login failed",
  10007: "user not found",
  10008: "wrong password",
  10009: "send message failed",
  10010: "get history messages failed",
  10011: "get message by id failed",
  10012: "create live room failed",
  10013: "live room already exists",
  10014: "internal error",
  10015: "no live room right",
  10016: "lottery not found",
  10017: "live room not live",
};

describe("the envelope", () => {
  it("comes first in every answer, and says success alike", async () => {
    const { text, json } = await api.call("GET /room/live/list");
    assert.deepEqual(json?.base_resp, { status_code: 0, status_msg: "success" });
    assert.ok(text.startsWith('{"base_resp":'));
  });

  it("has data in every error, null where there is nothing to say", async () => {
    const { json } = await api.call("GET /user/me");
    assert.deepEqual(json, {
      base_resp: { status_code: 10000, status_msg: "need login" },
      data: null,
    });
  });

  it("keeps the original's codes and messages", () => {
    const known = Object.fromEntries(
      Object.values(errors)
        .filter(({ live }) => live <= 10017)
        .map(({ live, message }) => [live, message]),
    );
    assert.deepEqual(known, ORIGINAL_CODES);
  });
});

describe("every answer", () => {
  it("may be read by pages of any origin, and not be taken for another type", async () => {
    for (const operation of ["GET /user/me", "GET /room/live/list", "GET /docs", "GET /nothing"]) {
      const { headers } = await api.call(operation);
      assert.equal(headers["access-control-allow-origin"], "*", operation);
      assert.equal(headers["x-content-type-options"], "nosniff", operation);
      assert.equal(headers["access-control-allow-credentials"], undefined, operation);
    }
  });

  it("has a request id: the client's own if it is a sane one", async () => {
    const ids = new Set<unknown>();
    for (const given of [undefined, "req-1_A", "x".repeat(65), "a b", "<script>", "é"]) {
      const headers = given === undefined ? {} : { "x-request-id": Buffer.from(given).toString() };
      const answer = await api.call("GET /room/live/list", { headers });
      const id = answer.headers["x-request-id"];
      assert.match(String(id), /^[\w-]{1,64}$/);
      assert.equal(id === given, given === "req-1_A");
      ids.add(id);
    }
    assert.equal(ids.size, 6);
  });

  it("of the API is kept by no cache", async () => {
    const { live_id } = await newShow();
    for (const { headers } of [
      await api.call("GET /room/live/single", { query: { live_id } }),
      await api.call("GET /room/live/single", { query: { live_id: 1 } }),
      await api.call("GET /user/me", { token: bystander.token }),
    ])
      assert.equal(headers["cache-control"], "no-store");
  });
});

describe("operations", () => {
  it("answers /health/live and /health/ready", async () => {
    assert.deepEqual(await api.ok("GET /health/live"), {});
    const { services } = await api.ok<{ services: Record<string, boolean> }>("GET /health/ready");
    for (const name of ["live", "message", "push", "user"]) assert.equal(services[name], true);
  });

  it("describes itself as OpenAPI 3.1, in which every reference leads somewhere", async () => {
    const { json, text } = await api.call("GET /openapi.json");
    assert.match(String(json?.openapi), /^3\.1\./);
    const references = [...text.matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path = ""]) => path);
    assert.ok(references.length > 10);
    for (const path of references) {
      let node: unknown = json;
      for (const part of path.split("/")) node = (node as Record<string, unknown>)?.[part];
      assert.ok(node, path);
    }
  });

  it("names every operation once", () => {
    const paths = api.description.document.paths as Record<string, Record<string, object>>;
    const ids = Object.values(paths).flatMap((methods) =>
      Object.values(methods).map((operation) => (operation as { operationId: string }).operationId),
    );
    assert.equal(new Set(ids).size, ids.length);
  });

  it("shows its description and its start page to people", async () => {
    for (const operation of ["GET /docs", "GET /"]) {
      const { status, headers, text } = await api.call(operation);
      assert.equal(status, 200);
      assert.equal(headers["content-type"], "text/html; charset=utf-8");
      assert.match(text, /^<!doctype html>/i);
      assert.match(String(headers["content-security-policy"]), /default-src 'none'/);
    }
    const { text } = await api.call("GET /docs");
    for (const { name } of api.description.operations)
      assert.ok(text.includes(name.split(" ")[1] as string), name);
  });

  it("lets browsers keep its pages as long as they do not change", async () => {
    for (const operation of ["GET /docs", "GET /", "GET /openapi.json"]) {
      const { headers } = await api.call(operation);
      const again = await api.call(operation, {
        headers: { "if-none-match": headers.etag as string },
      });
      assert.deepEqual([again.status, again.text], [304, ""]);
    }
  });
});

describe("a path", () => {
  it("that there is not is 404, in the envelope", async () => {
    for (const path of [
      "/nothing",
      "/nothing/",
      "/register/x",
      "/Register",
      "/user",
      "/user/me/x",
      "/%00",
      "/%2e%2e/%2e%2e/etc/passwd",
      "/../package.json",
      "/static/../api.service.ts",
      "/static/..%2fpages.ts",
      "/__proto__",
      "/constructor",
      "/rest",
      "/~node/health",
      "/config/get",
      "/push/send",
      "/live.card?live_id=1",
      "/.env",
      `/${"x".repeat(2_000)}`,
    ])
      await api.refused(`GET ${path}`, "NOT_FOUND");
    for (const method of ["POST", "PUT", "PATCH", "DELETE", "TRACE"])
      await api.refused(`${method} /nothing`, "NOT_FOUND");
  });

  it("asked by another method is 405, with those it has", async () => {
    const methods = new Map<string, string[]>();
    for (const { name } of api.description.operations) {
      const [method = "", path = ""] = name.split(" ");
      methods.set(path, [...(methods.get(path) ?? []), method]);
    }
    for (const [path, known] of methods)
      for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "PROPFIND"]) {
        if (known.includes(method)) continue;
        const { headers } = await api.refused(`${method} ${path}`, "METHOD_NOT_ALLOWED");
        for (const one of known) assert.ok(String(headers.allow).split(", ").includes(one), path);
      }
  });

  it("tells browsers of other origins what may be asked", async () => {
    for (const { name } of api.description.operations) {
      const [method = "", path = ""] = name.split(" ");
      const { status, headers } = await api.call(`OPTIONS ${path}`, {
        headers: { origin: "https://elsewhere.test", "access-control-request-method": method },
      });
      assert.equal(status, 204);
      assert.ok(String(headers["access-control-allow-methods"]).includes(method));
      assert.match(String(headers["access-control-allow-headers"]), /Authorization/);
    }
  });

  it("answers HEAD as GET, without a body", async () => {
    for (const path of ["/health/live", "/docs", "/room/live/list"]) {
      const get = await api.send(`GET ${path}`);
      const head = await api.send(`HEAD ${path}`);
      assert.deepEqual([head.status, head.text], [200, ""]);
      assert.equal(head.headers["content-type"], get.headers["content-type"]);
    }
  });
});
