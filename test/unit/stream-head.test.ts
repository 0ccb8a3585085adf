import assert from "node:assert/strict";
import { IncomingMessage, type OutgoingHttpHeaders, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { describe, test } from "node:test";
import fc from "fast-check";
import { acceptsGzip, lastEventId, streamHead } from "../../services/api/hub/stream-head.ts";

function requestWith(headers: Record<string, string>): IncomingMessage {
  const req = new IncomingMessage(new Socket());
  Object.assign(req.headers, headers);
  return req;
}

/** The header lines of a head, by lower-case name. */
function linesOf(head: string): Map<string, string[]> {
  assert.ok(head.startsWith("HTTP/1.1 200 OK\r\n") && head.endsWith("\r\n\r\n"));
  const lines = new Map<string, string[]>();
  for (const line of head.slice(0, -4).split("\r\n").slice(1)) {
    const [name = "", value = ""] = line.split(/: (.*)/);
    lines.set(name.toLowerCase(), [...(lines.get(name.toLowerCase()) ?? []), value]);
  }
  return lines;
}

describe("the head of a stream", () => {
  test("says that it is one, and that nobody between may keep or change it", () => {
    const lines = linesOf(streamHead({}, false));
    assert.deepEqual(Object.fromEntries(lines), {
      "content-type": ["text/event-stream"],
      "cache-control": ["no-cache, no-transform"],
      "x-accel-buffering": ["no"],
      connection: ["close"],
      vary: ["Accept-Encoding"],
    });
  });

  test("names the coding of a compressed one", () => {
    assert.deepEqual(linesOf(streamHead({}, true)).get("content-encoding"), ["gzip"]);
  });

  test("keeps what the gateway has set, and lets the stream's own go before it", () => {
    const res = new ServerResponse(requestWith({}));
    res.setHeader("Access-Control-Allow-Origin", "*");
    res.setHeader("Set-Cookie", ["a=1", "b=2"]);
    res.setHeader("Vary", "Origin");
    res.setHeader("Content-Type", "application/json");
    res.setHeader("Connection", "keep-alive");
    const lines = linesOf(streamHead(res.getHeaders(), false));
    assert.deepEqual(lines.get("access-control-allow-origin"), ["*"]);
    assert.deepEqual(lines.get("set-cookie"), ["a=1", "b=2"]);
    assert.deepEqual(lines.get("vary"), ["Origin, Accept-Encoding"]);
    assert.deepEqual(lines.get("content-type"), ["text/event-stream"]);
    assert.deepEqual(lines.get("connection"), ["close"]);
  });

  test("has no length, no chunks and no coding but its own", () => {
    const given = { "content-length": 5, "transfer-encoding": "chunked", "content-encoding": "br" };
    const lines = linesOf(streamHead(given, false));
    for (const name of Object.keys(given)) assert.equal(lines.has(name), false, name);
  });

  test("lets no value break out of its line", () => {
    // U+010A is a line feed once it is cut to one byte.
    for (const value of ["a\r\nSet-Cookie: b=1", "a\nb", "a\rb", "a\u010ab", "a\u0000b"]) {
      for (const given of [{ "x-request-id": value }, { "x-request-id": ["fine", value] }])
        assert.throws(() => streamHead(given, false), { code: "ERR_INVALID_CHAR" });
      assert.throws(() => streamHead({ vary: value }, false), { code: "ERR_INVALID_CHAR" });
    }
  });

  test("lets no name break out of its line", () => {
    for (const name of ["a\r\nb", "a b", "a:b", ""])
      assert.throws(() => streamHead({ [name]: "x" }, false), { code: "ERR_INVALID_HTTP_TOKEN" });
  });

  test("whatever is set, is made of the lines set or is refused", () => {
    const parts = fc.constantFrom("a", "b: c", " ", "\r", "\n", "\u010a", "\u010d", "é", "中");
    const aText = fc.array(parts, { maxLength: 4 }).map((all) => all.join(""));
    const aName = fc.oneof({ weight: 4, arbitrary: fc.stringMatching(/^[a-z-]{1,8}$/) }, aText);
    const anyHeaders = fc.dictionary(aName, fc.oneof(aText, fc.nat()), { maxKeys: 3 });
    fc.assert(
      fc.property(anyHeaders, fc.boolean(), (given: OutgoingHttpHeaders, gzip) => {
        let head: string;
        try {
          head = streamHead(given, gzip);
        } catch {
          return;
        }
        const written = Buffer.from(head, "latin1").toString("latin1");
        const expected = new Set(Object.keys(given).map((name) => name.toLowerCase()));
        for (const name of linesOf(streamHead({}, gzip)).keys()) expected.add(name);
        for (const name of linesOf(written).keys()) assert.ok(expected.has(name), name);
      }),
    );
  });
});

describe("gzip is accepted", () => {
  for (const [header, accepted] of [
    ["gzip", true],
    ["gzip, deflate, br, zstd", true],
    ["deflate,gzip", true],
    ["GZip", true],
    ["gzip;q=0.5", true],
    ["gzip;q=0.001", true],
    ["gzip ; q=1.0", true],
    ["*", true],
    ["deflate, *;q=0.1", true],
    ["*;q=0, gzip", true],
    ["gzip;q=0", false],
    ["gzip;q=0.0", false],
    ["gzip;q=0.000", false],
    ["gzip;Q=0", false],
    ["gzip;q=0, *", false],
    ["*, gzip;q=0", false],
    ["*;q=0", false],
    ["identity", false],
    ["deflate, br", false],
    ["notgzip", false],
    ["gzipped", false],
    ["", false],
  ] as const)
    test(`${accepted ? "with" : "not with"} "${header}"`, () => {
      assert.equal(acceptsGzip(requestWith({ "accept-encoding": header })), accepted);
    });

  test("not without the header", () => {
    assert.equal(acceptsGzip(requestWith({})), false);
  });
});

describe("the cursor of a reconnecting client", () => {
  for (const [header, cursor] of [
    ["0", 0],
    ["5", 5],
    ["0005", 5],
    ["9007199254740991", Number.MAX_SAFE_INTEGER],
    ["9007199254740993", Number.NaN],
    ["99999999999999999999", Number.NaN],
    ["-1", Number.NaN],
    ["1.5", Number.NaN],
    ["1e5", Number.NaN],
    ["0x10", Number.NaN],
    [" 5", Number.NaN],
    ["5, 6", Number.NaN],
    ["abc", Number.NaN],
    ["٥", Number.NaN],
    ["", undefined],
  ] as const)
    test(`"${header}" is ${cursor}`, () => {
      assert.deepEqual(lastEventId(requestWith({ "last-event-id": header })), cursor);
    });

  test("may be missing", () => {
    assert.equal(lastEventId(requestWith({})), undefined);
  });
});
