import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { type StartedGateway, startGateway } from "../support/gateway.ts";
import { type RawAnswer, rawConnection } from "../support/raw-http.ts";

const CRLF = "\r\n";

function head(method: string, path: string, headers: Record<string, string | number> = {}): string {
  const lines = Object.entries({ Host: "localhost", ...headers }).map(([n, v]) => `${n}: ${v}`);
  return [`${method} ${path} HTTP/1.1`, ...lines, "", ""].join(CRLF);
}

function problems({ body }: RawAnswer): [string, string][] {
  const { data } = JSON.parse(body);
  return data.fields.map(({ field, problem }: Record<string, string>) => [field, problem]);
}

/** Sends bytes on a connection of their own and reads one answer. */
async function exchange(
  t: Parameters<typeof rawConnection>[0],
  gateway: StartedGateway,
  ...parts: (string | Uint8Array)[]
): Promise<RawAnswer> {
  const connection = await rawConnection(t, gateway.port);
  for (const part of parts) await connection.write(part);
  return connection.answer();
}

/** The gateway still serves others. */
async function assertAlive(gateway: StartedGateway): Promise<void> {
  assert.equal((await fetch(`${gateway.url}/health/live`)).status, 200);
}

const MEGABYTES = 1024 * 1024;

test("a body of 10 MB is refused with an answer that the client can read while it still sends", async (t) => {
  const gateway = await startGateway(t);
  const connection = await rawConnection(t, gateway.port);
  const size = 10 * MEGABYTES;
  await connection.write(
    head("POST", "/login", { "Content-Type": "application/json", "Content-Length": size }),
  );
  const chunk = Buffer.alloc(64 * 1024, 97);
  for (let sent = 0; sent < size; sent += chunk.length) await connection.write(chunk);
  const answer = await connection.answer();
  assert.equal(answer.status, 413);
  assert.deepEqual(JSON.parse(answer.body), {
    base_resp: { status_code: 10024, status_msg: "payload too large" },
    data: { max_bytes: 65536 },
  });
  // The connection is still in order: the next request on it is answered.
  await connection.write(head("GET", "/health/live"));
  assert.equal((await connection.answer()).status, 200);
});

test("a chunked body that grows too large is refused as well", async (t) => {
  const gateway = await startGateway(t);
  const connection = await rawConnection(t, gateway.port);
  await connection.write(
    head("POST", "/login", {
      "Content-Type": "application/json",
      "Transfer-Encoding": "chunked",
    }),
  );
  const chunk = `10000${CRLF}${"a".repeat(0x10000)}${CRLF}`;
  for (let i = 0; i < 160; i++) await connection.write(chunk);
  await connection.write(`0${CRLF}${CRLF}`);
  assert.equal((await connection.answer()).status, 413);
  await connection.write(head("GET", "/health/live"));
  assert.equal((await connection.answer()).status, 200);
});

test("a client that asks first is refused before it sends a large body", async (t) => {
  const gateway = await startGateway(t);
  const connection = await rawConnection(t, gateway.port);
  await connection.write(
    head("POST", "/login", {
      "Content-Type": "application/json",
      "Content-Length": 10 * MEGABYTES,
      Expect: "100-continue",
    }),
  );
  const answer = await connection.answer();
  assert.equal(answer.status, 413);
  assert.equal(answer.headers.get("connection"), "close");
});

test("a client that asks first may send a small body", async (t) => {
  const gateway = await startGateway(t, { "user.login": () => ({ user_id: 1 }) });
  const connection = await rawConnection(t, gateway.port);
  const body = '{"username":"abcd","password":"secret"}';
  await connection.write(
    head("POST", "/login", {
      "Content-Type": "application/json",
      "Content-Length": body.length,
      Expect: "100-continue",
    }),
  );
  assert.equal((await connection.answer()).status, 100);
  await connection.write(body);
  assert.equal((await connection.answer()).status, 200);
});

test("a client that goes away in the middle of its body disturbs nobody", async (t) => {
  const gateway = await startGateway(t);
  const connection = await rawConnection(t, gateway.port);
  await connection.write(
    head("POST", "/login", { "Content-Type": "application/json", "Content-Length": 100 }),
  );
  await connection.write('{"username"');
  connection.socket.destroy();
  await once(connection.socket, "close");
  await assertAlive(gateway);
  assert.deepEqual(
    gateway.log.filter((line) => /^(error|fatal) /.test(line)),
    [],
  );
});

test("a thousand query parameters are refused", async (t) => {
  const gateway = await startGateway(t);
  const query = Array.from({ length: 1000 }, (_, i) => `p${i}=1`).join("&");
  const answer = await exchange(t, gateway, head("GET", `/room/live/list?${query}`));
  assert.equal(answer.status, 400);
  assert.deepEqual(problems(answer), [["query", "has more than 100 parameters"]]);
});

test("JSON nested thousands of levels deep is refused", async (t) => {
  const gateway = await startGateway(t);
  const body = `{"username":${"[".repeat(20_000)}${"]".repeat(20_000)}}`;
  const answer = await exchange(
    t,
    gateway,
    head("POST", "/login", { "Content-Type": "application/json", "Content-Length": body.length }),
    body,
  );
  assert.deepEqual(problems(answer), [["body", "is nested deeper than 8 levels"]]);
});

test("bytes that are no UTF-8 are refused in body and query", async (t) => {
  const gateway = await startGateway(t);
  const body = Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]);
  const inBody = await exchange(
    t,
    gateway,
    head("POST", "/login", { "Content-Type": "application/json", "Content-Length": body.length }),
    body,
  );
  assert.deepEqual(problems(inBody), [["body", "is not UTF-8"]]);
  const inQuery = await exchange(t, gateway, head("GET", "/room/live/list?limit=%FF"));
  assert.deepEqual(problems(inQuery), [["query", "is not percent-encoded UTF-8"]]);
});

test("line breaks in a path, a parameter or a request id never become headers", async (t) => {
  const gateway = await startGateway(t);
  const injected = "%0d%0aSet-Cookie:%20a=b";
  const inPath = await exchange(t, gateway, head("GET", `/nowhere${injected}`));
  assert.equal(inPath.status, 404);
  const inQuery = await exchange(t, gateway, head("GET", `/room/live/list?limit=${injected}`));
  assert.equal(inQuery.status, 400);
  const inId = await exchange(t, gateway, head("GET", "/health/live", { "X-Request-ID": "a\tb" }));
  assert.match(inId.headers.get("x-request-id") ?? "", /^[A-Za-z0-9_-]+$/);
  for (const answer of [inPath, inQuery, inId])
    assert.equal(answer.headers.get("set-cookie"), undefined);
});

for (const [what, request] of [
  ["no HTTP at all", `HELLO${CRLF}${CRLF}`],
  ["a header with a bare line feed", `GET / HTTP/1.1${CRLF}Host: a${CRLF}X: a\nb${CRLF}${CRLF}`],
  ["two different lengths", head("POST", "/login", { "Content-Length": 1, "content-length": 2 })],
  [
    "a length beside chunks",
    head("POST", "/login", { "Content-Length": 5, "Transfer-Encoding": "chunked" }),
  ],
  ["no host", `GET / HTTP/1.1${CRLF}${CRLF}`],
] as const) {
  test(`${what} is answered with 400 and the connection is closed`, async (t) => {
    const gateway = await startGateway(t);
    const connection = await rawConnection(t, gateway.port);
    await connection.write(request);
    assert.equal((await connection.answer()).status, 400);
    await connection.closed();
    await assertAlive(gateway);
  });
}

test("headers that are too long are answered with 431 in the envelope", async (t) => {
  const gateway = await startGateway(t);
  const connection = await rawConnection(t, gateway.port);
  await connection.write(head("GET", "/", { "X-Long": "a".repeat(100_000) }));
  const answer = await connection.answer();
  assert.equal(answer.status, 431);
  assert.equal(JSON.parse(answer.body).base_resp.status_code, 10001);
});

test("requests sent without waiting are answered in order", async (t) => {
  const gateway = await startGateway(t);
  const connection = await rawConnection(t, gateway.port);
  await connection.write(
    head("GET", "/nowhere") + head("GET", "/health/live") + head("GET", "/user/me"),
  );
  const statuses = [];
  for (let i = 0; i < 3; i++) statuses.push((await connection.answer()).status);
  assert.deepEqual(statuses, [404, 200, 401]);
});
