// Bytes that are hardly HTTP, or more than one request in one: the server answers in its envelope or
// hangs up, nothing gets into headers, and it goes on for everybody else.

import assert from "node:assert/strict";
import { connect } from "node:net";
import { it } from "node:test";
import fc from "fast-check";
import { hostileText } from "../support/hostile.ts";
import { stateOf, untouched } from "./live/state.ts";
import { api, bystander, NO_ROOM, server } from "./live/suite.ts";

/** Requests that are right; each asks for the connection to be closed after the answer. */
const rightRequests = [
  request("GET", "/room/live/list?limit=1"),
  request("GET", "/user/me", "", [`Authorization: Bearer ${bystander.token}`]),
  request("GET", `/message/live?live_id=${NO_ROOM}`),
  request("POST", "/token/refresh", '{"refresh_token":"x"}', ["Content-Type: application/json"]),
  request("POST", "/message/live", `live_id=${NO_ROOM}&type=0&content=x`, [
    "Content-Type: application/x-www-form-urlencoded",
    `Authorization: Bearer ${bystander.token}`,
  ]),
  request("OPTIONS", "/login", "", ["Origin: https://elsewhere.test"]),
  request("GET", "/"),
];

function request(method: string, path: string, body = "", headers: string[] = []): string {
  const lines = [
    `${method} ${path} HTTP/1.1`,
    "Host: test",
    "Connection: close",
    ...headers,
    ...(body === "" ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]),
  ];
  return `${lines.join("\r\n")}\r\n\r\n${body}`;
}

/** A request that was not finished gets no answer; after this long the client gives up, in ms. */
const PATIENCE_MS = 250;

/** All that the server says to these bytes until one of both hangs up. */
function exchange(bytes: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(server.port, "127.0.0.1");
    let received = "";
    const overdue = setTimeout(() => socket.end(), PATIENCE_MS);
    const tooLate = setTimeout(() => {
      reject(new Error(`the server kept the connection open:\n${received}`));
      socket.destroy();
    }, 10_000);
    socket.setEncoding("latin1").on("data", (text) => {
      received += text;
    });
    // A reset is one way of hanging up.
    socket.on("error", () => {});
    socket.on("close", () => {
      clearTimeout(overdue);
      clearTimeout(tooLate);
      resolve(received);
    });
    socket.write(bytes);
  });
}

/** Takes answers apart and checks what holds for each of them. */
function checkAnswers(received: string): number[] {
  const statuses: number[] = [];
  let rest = received;
  while (rest !== "") {
    const end = rest.indexOf("\r\n\r\n");
    const [first = "", ...headers] = rest.slice(0, end).split("\r\n");
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1]);
    assert.ok(end > 0 && status >= 100, `no answer:\n${rest}`);
    assert.ok(status < 500, rest);
    for (const header of headers) assert.match(header, /^[A-Za-z-]+: [\x20-\x7e]*$/, rest);
    assert.ok(!/^(x-injected|set-cookie):/im.test(headers.join("\n")), rest);
    const length = Number(/^content-length: (\d+)$/im.exec(headers.join("\n"))?.[1] ?? 0);
    const body = rest.slice(end + 4, end + 4 + length);
    if (status >= 400) api.description.checkObject("Error", JSON.parse(decode(body)));
    statuses.push(status);
    rest = rest.slice(end + 4 + length);
  }
  return statuses;
}

function decode(latin1: string): string {
  return Buffer.from(latin1, "latin1").toString();
}

const change = fc.record({
  at: fc.nat(),
  kind: fc.constantFrom("cut", "insert", "replace", "remove", "repeat"),
  bytes: fc.oneof(
    fc.uint8Array({ maxLength: 10 }).map((array) => Buffer.from(array)),
    fc
      .constantFrom("\r\n", "\n", "\r", "\0", " ", ":", "\t", "\r\n\r\n", "\r\n ", "HTTP/1.1", "é")
      .map((text) => Buffer.from(text)),
    fc
      .constantFrom(
        "\r\nX-Injected: 1\r\n",
        "\r\nContent-Length: 5\r\n",
        "\r\nContent-Length: -1\r\n",
        "\r\nTransfer-Encoding: chunked\r\n",
        "\r\nTransfer-Encoding: chunked, identity\r\n",
        "\r\nExpect: 100-continue\r\n",
        "\r\nUpgrade: websocket\r\nConnection: upgrade\r\n",
        "\r\nHost: other\r\n",
        `\r\nX: ${"x".repeat(20_000)}\r\n`,
        "GET /x HTTP/1.1\r\n\r\n",
      )
      .map((text) => Buffer.from(text)),
    hostileText.map((text) => Buffer.from(text)),
  ),
});

/** A request with some of its bytes changed. */
const mangled: fc.Arbitrary<Buffer> = fc
  .tuple(fc.constantFrom(...rightRequests), fc.array(change, { minLength: 1, maxLength: 4 }))
  .map(([text, changes]) =>
    changes.reduce((whole, { at, kind, bytes }) => {
      const place = at % (whole.length + 1);
      const [before, after] = [whole.subarray(0, place), whole.subarray(place)];
      if (kind === "cut") return before;
      if (kind === "insert") return Buffer.concat([before, bytes, after]);
      if (kind === "replace") return Buffer.concat([before, bytes, after.subarray(bytes.length)]);
      if (kind === "remove") return Buffer.concat([before, after.subarray(3)]);
      return Buffer.concat([before, before, after]);
    }, Buffer.from(text)),
  );

it("answers the requests that are the pattern", async () => {
  for (const text of rightRequests) {
    const statuses = checkAnswers(await exchange(Buffer.from(text)));
    assert.equal(statuses.length, 1);
  }
});

it("answers mangled requests in the envelope, or hangs up", async () => {
  const before = await stateOf();
  let answers = 0;
  await fc.assert(
    // Many at once: some are never answered, and each of those takes the client's patience.
    fc.asyncProperty(fc.array(mangled, { minLength: 25, maxLength: 25 }), async (batch) => {
      const received = await Promise.all(batch.map(exchange));
      for (const text of received) answers += checkAnswers(text).length;
    }),
    { numRuns: 16 },
  );
  assert.ok(answers > 100);
  await untouched(before);
});

it("refuses requests that two servers could read in two ways", async () => {
  const smuggled = "GET /smuggled HTTP/1.1\r\nHost: test\r\n\r\n";
  const ambiguous = [
    ["Content-Length: 5", "Content-Length: 6"],
    ["Content-Length: 5, 6"],
    ["Content-Length: +5"],
    ["Content-Length: 0x5"],
    ["Content-Length: -1"],
    ["Content-Length : 5"],
    ["Content-Length: 5", "Transfer-Encoding: chunked"],
    ["Transfer-Encoding: chunked", "Content-Length: 5"],
    ["Transfer-Encoding: xchunked"],
    ["Transfer-Encoding : chunked"],
    ["Transfer-Encoding: chunked, identity"],
    [" Transfer-Encoding: chunked"],
    ["X: 1\nContent-Length: 5"],
    ["X: 1\rContent-Length: 5"],
    ["X\0: 1"],
    ["X: \0"],
  ];
  for (const headers of ambiguous) {
    const head = `POST /token/refresh HTTP/1.1\r\nHost: test\r\n${headers.join("\r\n")}\r\n\r\n`;
    const received = await exchange(Buffer.from(`${head}0\r\n\r\n${smuggled}`));
    assert.deepEqual(checkAnswers(received), [400], headers.join(" | "));
  }
});

it("refuses in its envelope what node would refuse without one", async () => {
  for (const [bytes, status] of [
    ["GET /room/live/list HTTP/1.1\r\n\r\n", 400],
    ["POST /login HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}", 400],
    [request("GET", "/room/live/list", "", ["Expect: a miracle"]), 417],
    ["GET /room/live/list HTTP/1.0\r\n\r\n", 200],
  ] as const) {
    const statuses = checkAnswers(await exchange(Buffer.from(bytes)));
    assert.deepEqual(
      statuses.filter((one) => one !== 100),
      [status],
      bytes,
    );
  }
});

it("lets nothing that a client sends into its headers", async () => {
  const evil = [
    "\r\nX-Injected: 1",
    "\nX-Injected: 1",
    "%0d%0aX-Injected:%201",
    "\u010d\u010aX-Injected: 1",
  ];
  for (const text of evil) {
    const inUrl = encodeURIComponent(text);
    for (const path of [
      `/user/me?token=${inUrl}`,
      `/message/history/export?format=xml&live_id=${inUrl}`,
      `/message/history/export?format=${inUrl}&live_id=${NO_ROOM}`,
      `/${inUrl}`,
      `/room/live/list?${inUrl}=${inUrl}`,
    ]) {
      const [status] = checkAnswers(await exchange(Buffer.from(request("GET", path))));
      assert.ok((status as number) >= 400, path);
    }
    for (const name of ["X-Request-ID", "Origin", "If-None-Match", "Authorization", "Accept"]) {
      const bytes = Buffer.from(request("GET", "/", "", [`${name}: ${text}`]), "latin1");
      checkAnswers(await exchange(bytes));
    }
  }
});

it("has logged no error, and goes on", async () => {
  await api.ok("GET /health/ready");
  assert.equal(server.errors(), "");
});
