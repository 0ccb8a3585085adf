import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { describe, it } from "node:test";
import { baseUrl } from "../../services/api/base-url.ts";
import type { Fields } from "../../services/api/coerce.ts";
import { mergeParams } from "../../services/api/douyin/parameters.ts";
import { givenToken } from "../../services/api/douyin/token.ts";

describe("parameters of the short-video dialect", () => {
  const fields: Fields = new Map([
    ["id", "number"],
    ["text", "text"],
  ]);
  const merge = (...sources: [string, unknown][][]) => mergeParams(fields, ...sources);

  it("are numbers where the endpoint wants numbers, as digits or not", () => {
    assert.deepEqual(merge([["id", "5"]]), { id: 5 });
    assert.deepEqual(merge([["id", 5]]), { id: 5 });
    assert.deepEqual(merge([["id", "9007199254740993"]]), { id: "9007199254740993" });
    assert.deepEqual(merge([["text", "5"]]), { text: "5" });
  });

  it("that are empty or null are absent, but for texts", () => {
    assert.deepEqual(
      merge([
        ["id", ""],
        ["text", ""],
      ]),
      { text: "" },
    );
    assert.deepEqual(
      merge([
        ["id", null],
        ["text", null],
      ]),
      {},
    );
    assert.deepEqual(merge([["id", "5"]], [["id", ""]]), { id: 5 });
  });

  it("that nobody knows are ignored, whatever they are called", () => {
    const strange = JSON.parse('{"__proto__":{"x":1},"constructor":1,"id":2}');
    assert.deepEqual(merge(Object.entries(strange)), { id: 2 });
  });

  it("count from the later place, and may be there twice if they agree", () => {
    assert.deepEqual(merge([["id", "5"]], [["id", 6]]), { id: 6 });
    assert.deepEqual(
      merge([
        ["id", "5"],
        ["id", "5"],
      ]),
      { id: 5 },
    );
    const twice = () =>
      merge([
        ["id", "5"],
        ["id", "6"],
        ["id", "7"],
      ]);
    assert.throws(twice, (error: { data: unknown }) => {
      assert.deepEqual(error.data, {
        fields: [{ field: "id", problem: "is given more than once" }],
      });
      return true;
    });
  });
});

describe("the token of the short-video dialect", () => {
  const query = (token: unknown) => [[["token", token] as const]];

  it("is that of the header, else of the first place that has one", () => {
    assert.equal(givenToken("Bearer a.b.c", query("d.e.f")), "a.b.c");
    assert.equal(givenToken("a.b.c", query("d.e.f")), "a.b.c");
    assert.equal(givenToken("Basic eDp5", query("d.e.f")), "d.e.f");
    assert.equal(givenToken("Bearer", query("d.e.f")), "d.e.f");
    assert.equal(givenToken(undefined, [[["token", ""]], [["token", "d.e.f"]]]), "d.e.f");
  });

  it("may be empty, or not be there", () => {
    assert.equal(givenToken(undefined, query("")), "");
    assert.equal(givenToken("Bearer ", []), "");
    assert.equal(givenToken(undefined, query(null)), null);
    assert.equal(givenToken(undefined, []), null);
  });

  it("has the form of a token", () => {
    for (const wrong of ["x", "a.b", "a.b.c.d", "a.b.c ", "a..c", 5, ["a.b.c"], {}])
      assert.throws(() => givenToken(undefined, query(wrong)), { type: "TOKEN_MALFORMED" });
    assert.throws(() => givenToken("Bearer a b.c.d", []), { type: "TOKEN_MALFORMED" });
  });
});

describe("the address that a client knows us by", () => {
  const request = (headers: Record<string, string>) =>
    ({ headers, socket: { localPort: 8080 } }) as unknown as IncomingMessage;

  it("is the host that it asked", () => {
    assert.equal(baseUrl(request({ host: "example.org:81" }), 0), "http://example.org:81");
    assert.equal(baseUrl(request({ host: "[::1]:81" }), 0), "http://[::1]:81");
  });

  it("is never something that is no host", () => {
    for (const host of ["", "a b", 'x"><script>', "a/b", "user@host", "x".repeat(300)])
      assert.equal(baseUrl(request({ host }), 0), "http://localhost:8080");
  });

  it("is what proxies of ours say of the outside, and nobody else", () => {
    const headers = {
      host: "inside:8080",
      "x-forwarded-proto": "https, http",
      "x-forwarded-host": "video.example.org",
    };
    assert.equal(baseUrl(request(headers), 1), "https://video.example.org");
    assert.equal(baseUrl(request(headers), 0), "http://inside:8080");
  });
});
