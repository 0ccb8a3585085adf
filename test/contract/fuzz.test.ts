// Requests of every kind of wrong against a started server: it answers each with an error that is
// declared, keeps what it has as it was, and goes on.

import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { type Answer, type ApiRequest, read, toAnswer } from "../support/api-client.ts";
import { hostileText, hostileValue } from "../support/hostile.ts";
import { patiently } from "../support/patient.ts";
import { expiredToken, forgedTokens, strangerToken } from "../support/tokens.ts";
import {
  formOf,
  type Identity,
  jsonOf,
  type RightValues,
  type Shot,
  shotAt,
  tampered,
} from "./fuzz/shots.ts";
import { live_id, owner, stateOf } from "./live/state.ts";
import { api, bystander, historyOf, NO_ROOM, server } from "./live/suite.ts";

/** No declared operation may answer these, but for a 503 that says when to come back. */
const FAULT = 500;
/** Of an address or a header; no operation gets to see such a request. */
const TOO_LONG = 431;

// Pages take no parameters and look at none.
const operations = api.description.operations.filter(({ responses }) => responses[400]);
const names = operations.map(({ name }) => name);
const [message] = await historyOf(live_id);
assert.ok(message);

const tokens: Record<Identity, string | null> = {
  nobody: null,
  owner: owner.token,
  bystander: bystander.token,
  // Of no session that is there: it can sign out as often as it likes.
  stranger: await strangerToken(server.dataDir),
  expired: await expiredToken(server.dataDir),
  forged: (await forgedTokens(server.dataDir, owner.token))["of algorithm none"] as string,
};

const right: RightValues = (operation, parameter) => {
  switch (parameter) {
    case "live_id":
      // The show that everything is compared with has to go on.
      return operation === "DELETE /room/live" ? [NO_ROOM] : [live_id, String(live_id)];
    case "user_id":
      return [bystander.user_id];
    case "id":
      return [message.id];
    case "type":
      return [0, 1, "2"];
    case "style":
      return [{ mode: "top", color: "#000000", size: "small" }];
    case "data":
      return [{ gift_name: "rose", price: 1 }, "{}"];
    case "format":
      return ["xml", "json", "ass"];
    case "username":
      return [bystander.username, "nobody at all"];
    case "refresh_token":
      return ["x"];
    case "room_name":
    case "description":
    case "content":
    case "password":
      return ["a text that is right"];
    default:
      return [1, "10"];
  }
};

/** The token of somebody; none that is needed further on signs out. */
function tokenOf(identity: Identity, operation: string): string | null {
  const lasts = identity === "owner" || identity === "bystander";
  return tokens[operation === "POST /logout" && lasts ? "stranger" : identity];
}

let cases = 0;
let state = await stateOf();

/** Sends a request; a stream that opens is closed at once. */
async function answerTo(operation: string, request: ApiRequest): Promise<Answer> {
  const response = await api.open(operation, request);
  if (response.headers["content-type"] !== "text/event-stream") return read(response);
  response.destroy();
  return toAnswer(response, "");
}

/** Fires one request and checks all that holds for any of them. */
async function fire(operation: string, request: ApiRequest): Promise<Answer> {
  cases++;
  const answer = await patiently(
    () => answerTo(operation, request),
    async () => {
      // What could not be told to be kept may be kept.
      state = await stateOf();
    },
  );
  if (answer.status === TOO_LONG) api.description.checkObject("Error", answer.json);
  else api.judge(operation, answer);
  if (answer.status >= FAULT) assert.fail(`${operation} ${answer.status}: ${answer.text}`);
  assert.ok(!("x-injected" in answer.headers || "set-cookie" in answer.headers));
  const before = state;
  state = await stateOf();
  if (answer.status !== 200) assert.deepEqual(state, before, `refused, but done: ${answer.text}`);
  return answer;
}

function requestOf({ operation, query, body, identity }: Shot): ApiRequest {
  const token = tokenOf(identity, operation);
  return {
    query: formOf(query),
    ...(token === null ? {} : { token }),
    ...(body.kind === "json" ? { body: jsonOf(body.pairs), type: "application/json" } : {}),
    ...(body.kind === "form" ? { form: formOf(body.pairs) } : {}),
  };
}

async function holds<T extends [unknown, ...unknown[]]>(
  property: fc.IAsyncProperty<T>,
  numRuns: number,
) {
  await fc.assert(property, {
    numRuns,
    interruptAfterTimeLimit: 90_000,
    markInterruptAsFailure: true,
  });
}

it("answers requests with any parameters, in any place, from anyone", async () => {
  const shots = shotAt(operations, right);
  await holds(
    fc.asyncProperty(shots, async (shot) => {
      await fire(shot.operation, requestOf(shot));
    }),
    800,
  );
});

it("answers bodies of any bytes and any type", async () => {
  const types = fc.oneof(
    fc.constantFrom(
      "application/json",
      "application/json; charset=utf-8",
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=x",
      "text/plain",
      'application/json; charset="',
      ";",
    ),
    hostileText.map((text) => text.replaceAll(/[^\x20-\x7e]/g, "")),
  );
  const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));
  const json = hostileValue.map((value) =>
    Buffer.from(JSON.stringify({ live_id, content: value })),
  );
  const cut = fc
    .tuple(json, fc.nat(), bytes)
    .map(([whole, at, end]) => Buffer.concat([whole.subarray(0, at % (whole.length + 1)), end]));
  await holds(
    fc.asyncProperty(
      fc.constantFrom(...names),
      types,
      fc.oneof(bytes, json, cut),
      async (name, type, body) => {
        const token = tokenOf("bystander", name) as string;
        await fire(name, { body, type, token });
      },
    ),
    200,
  );
});

it("answers queries and forms of any text", async () => {
  const piece = fc.oneof(
    fc.constantFrom(
      "live_id",
      `${live_id}`,
      "=",
      "&",
      "%",
      "%00",
      "%zz",
      "%ff",
      "+",
      "[",
      "]",
      ";",
    ),
    hostileText.map((text) => text.replaceAll(/[^\x21\x24-\x7e]/g, "")),
  );
  const text = fc.oneof(
    { weight: 5, arbitrary: fc.array(piece, { maxLength: 20 }).map((parts) => parts.join("")) },
    { weight: 1, arbitrary: fc.array(piece).map((parts) => `&${parts.join("&")}`.repeat(90)) },
    { weight: 1, arbitrary: fc.constant(`live_id=${live_id}&`.repeat(1_000).slice(0, 12_000)) },
  );
  await holds(
    fc.asyncProperty(
      fc.constantFrom(...names),
      text,
      fc.boolean(),
      async (name, pairs, inQuery) => {
        const token = tokenOf("bystander", name) as string;
        await fire(name, { [inQuery ? "query" : "form"]: pairs, token });
      },
    ),
    200,
  );
});

it("believes no token that was tampered with", async () => {
  const guarded = operations.filter(({ access }) => access !== "open");
  await holds(
    fc.asyncProperty(
      fc.constantFrom(...guarded),
      tampered(owner.token),
      fc.constantFrom("header", "query", "form", "json"),
      async ({ name, takesFile }, token, place) => {
        const request = place === "header" ? { token } : { [place]: { token } };
        const { code, text } = await fire(name, request);
        // Where a file is to come, other bodies are refused without being looked into.
        const looksInside = place === "header" || place === "query" || !takesFile;
        assert.equal(code, looksInside ? 10003 : 10028, text);
      },
    ),
    200,
  );
});

it("goes on after all that, and has logged no error", async (t) => {
  t.diagnostic(`${cases} cases`);
  assert.ok(cases >= 1_000);
  await api.ok("GET /health/ready");
  assert.equal(server.errors(), "");
  assert.equal(server.process.child.exitCode, null);
});
