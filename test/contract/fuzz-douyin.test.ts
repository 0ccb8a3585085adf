// Requests of every kind of wrong to the short-video dialect of a started server: it answers each as
// it declares, none with a fault, and goes on.

import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { errors } from "../../contracts/errors.ts";
import type { DouyinMessage } from "../../contracts/short-video.ts";
import {
  type Answer,
  type ApiRequest,
  multipartOf,
  read,
  toAnswer,
} from "../support/api-client.ts";
import { hostileText, hostileValue } from "../support/hostile.ts";
import { openInbox } from "../support/inbox-reader.ts";
import { patiently } from "../support/patient.ts";
import { expiredToken, forgedTokens, strangerToken } from "../support/tokens.ts";
import { api, bystander, follow, type Member, newMember, server } from "./douyin/suite.ts";
import {
  formOf,
  type Identity,
  jsonOf,
  type RightValues,
  type Shot,
  shotAt,
  tampered,
} from "./fuzz/shots.ts";

const operations = api.description.douyinOperations;
const names = operations.map(({ name }) => name);
const owner = await newMember();
await follow(owner, bystander);
await follow(bystander, owner);

const tokens: Record<Identity, string | null> = {
  nobody: null,
  owner: owner.token,
  bystander: bystander.token,
  stranger: await strangerToken(server.dataDir),
  expired: await expiredToken(server.dataDir),
  forged: (await forgedTokens(server.dataDir, owner.token))["of another hash"] as string,
};

const right: RightValues = (_, parameter) => {
  switch (parameter) {
    case "user_id":
    case "to_user_id":
      return [owner.user_id, String(bystander.user_id)];
    case "action_type":
      return [1, "2"];
    case "username":
      return [bystander.username, "somebody else"];
    case "pre_msg_time":
    case "latest_time":
      return [0, Date.now(), ""];
    case "content":
    case "comment_text":
    case "password":
    case "title":
      return ["a text that is right"];
    default:
      return [1, "10"];
  }
};

/** Streams that are full, floods: declared, and no fault. */
const ELSEWHERE = new Set<number>([errors.TOO_MANY_VIEWERS.douyin]);

let cases = 0;

/** Sends a request; a stream that opens is closed at once. */
async function answerTo(operation: string, request: ApiRequest): Promise<Answer> {
  const response = await api.open(operation, request);
  if (response.headers["content-type"] !== "text/event-stream") return read(response);
  response.destroy();
  return toAnswer(response, "");
}

async function fire(operation: string, request: ApiRequest): Promise<Answer> {
  cases++;
  const answer = await patiently(() => answerTo(operation, request));
  const isFault = answer.status >= 500 && !ELSEWHERE.has(answer.code ?? 0);
  assert.ok(!isFault, `${operation} ${answer.status}: ${answer.text}`);
  if (answer.status !== 431) api.judge(operation, answer);
  assert.ok(!("x-injected" in answer.headers || "set-cookie" in answer.headers));
  return answer;
}

/** A form of the shot goes as either kind of form; texts that multipart cannot have as the other. */
function requestOf({ operation, query, body, identity }: Shot, multipart: boolean): ApiRequest {
  const token = tokens[identity];
  const isPlain = ([name, value]: [string, unknown]) => /^\w+$/.test(name) && value !== undefined;
  const asMultipart = multipart && body.kind === "form" && body.pairs.every(isPlain);
  return {
    query: formOf(query),
    ...(token === null
      ? {}
      : operation.length % 2
        ? { token }
        : { headers: { authorization: token } }),
    ...(body.kind === "json" ? { body: jsonOf(body.pairs), type: "application/json" } : {}),
    ...(asMultipart ? multipartOf(Object.fromEntries(body.pairs)) : {}),
    ...(body.kind === "form" && !asMultipart ? { form: formOf(body.pairs) } : {}),
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
  await holds(
    fc.asyncProperty(shotAt(operations, right), fc.boolean(), async (shot, multipart) => {
      await fire(shot.operation, requestOf(shot, multipart));
    }),
    700,
  );
});

it("answers bodies of any bytes and any type", async () => {
  const types = fc.oneof(
    fc.constantFrom(
      "application/json",
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=x",
      "multipart/form-data; boundary=",
      "multipart/form-data",
      'multipart/form-data; boundary="',
      "multipart/mixed; boundary=x",
      "text/plain",
    ),
    hostileText.map((text) => text.replaceAll(/[^\x20-\x7e]/g, "")),
  );
  const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));
  const part = fc
    .tuple(hostileText, hostileText, fc.boolean())
    .map(([name, value, isFile]) =>
      Buffer.from(
        `--x\r\nContent-Disposition: form-data; name="${name}"${isFile ? '; filename="f"' : ""}\r\n\r\n${value}\r\n`,
      ),
    );
  const parts = fc.array(part, { maxLength: 4 }).map((all) => Buffer.concat(all));
  const whole = parts.map((all) => Buffer.concat([all, Buffer.from("--x--\r\n")]));
  const json = hostileValue.map((value) => Buffer.from(JSON.stringify({ user_id: value }) ?? ""));
  await holds(
    fc.asyncProperty(
      fc.constantFrom(...names),
      types,
      fc.oneof(bytes, parts, whole, json),
      async (name, type, body) => {
        await fire(name, { body, type, token: bystander.token });
      },
    ),
    300,
  );
});

// biome-ignore lint/suspicious/noControlCharactersInRegex: the contract refuses them
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/;

function isReadable(text: string): boolean {
  const fits = text.trim() !== "" && text.length <= 500;
  return fits && text.isWellFormed() && !CONTROLS.test(text);
}

it("keeps what is written exactly, from the list to the stream, or refuses it by name", async (t) => {
  // As many as no sender is too fast.
  const senders = await Promise.all(Array.from({ length: 4 }, () => newMember()));
  const reader = await newMember();
  const stream = await openInbox(t, { url: server.url, token: reader.token, lastEventId: "0" });
  const kept: string[] = [];
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(hostileText, fc.constantFrom("query", "form", "json"), async (text, where) => {
      const sender = senders[runs++ % senders.length] as Member;
      const pairs: [string, unknown][] = [
        ["to_user_id", reader.user_id],
        ["action_type", 1],
        ["content", text],
      ];
      const answer = await fire("POST /douyin/message/action/", {
        token: sender.token,
        ...(where === "json"
          ? { body: jsonOf(pairs), type: "application/json" }
          : { [where]: formOf(pairs) }),
      });
      if (!isReadable(text)) {
        assert.equal(answer.code, errors.BAD_REQUEST.douyin, answer.text);
        return;
      }
      assert.equal(answer.code, 0, answer.text);
      kept.push(text);
      const query = { token: reader.token, to_user_id: sender.user_id };
      const { message_list } = await api.ok<{ message_list: DouyinMessage[] }>(
        "GET /douyin/message/chat/",
        { query },
      );
      assert.equal(message_list.at(-1)?.content, text);
    }),
    { numRuns: 140 },
  );
  await stream.expect(kept.length);
  assert.deepEqual(stream.contents, kept);
});

it("believes no token that was tampered with, wherever it is", async () => {
  const guarded = operations.filter(({ access }) => access === "user");
  const codes = new Set<number>([30002, 30003]);
  await holds(
    fc.asyncProperty(
      fc.constantFrom(...guarded),
      tampered(owner.token),
      fc.constantFrom("header", "query", "form", "json"),
      async ({ name, takesFile }, token, wanted) => {
        // With a file comes a multipart form or none.
        const place = takesFile && wanted !== "header" && wanted !== "query" ? "multipart" : wanted;
        const request = place === "header" ? { token } : { [place]: { token } };
        const { code, status, text } = await fire(name, request);
        assert.ok(status === 401 && codes.has(code ?? 0), text);
      },
    ),
    150,
  );
});

it("goes on after all that, and has logged no error", async (t) => {
  t.diagnostic(`${cases} cases`);
  assert.ok(cases >= 1_000);
  await api.ok("GET /health/ready");
  assert.equal(server.errors(), "");
  assert.equal(server.process.child.exitCode, null);
});
