// Any text in every field that takes one: it is refused by name, or it comes back exactly as it was
// sent, from wherever it is kept and shown.

import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import type { Result } from "../../contracts/actions.ts";
import type { Account, LiveMessage, Room, Session } from "../../contracts/objects.ts";
import type { Answer } from "../support/api-client.ts";
import { hostileText } from "../support/hostile.ts";
import { waitFor } from "../support/wait-for.ts";
import { formOf, jsonOf } from "./fuzz/shots.ts";
import {
  api,
  bystander,
  end,
  historyOf,
  messageOf,
  messagesOf,
  newMember,
  newShow,
  say,
  server,
  watch,
} from "./live/suite.ts";

const place = fc.constantFrom("query", "form", "json");

/** Sends texts as they are, lone surrogates included. */
function send(
  operation: string,
  where: string,
  fields: Record<string, unknown>,
  token?: string,
): Promise<Answer> {
  const pairs = Object.entries(fields);
  return api.call(operation, {
    ...(token === undefined ? {} : { token }),
    ...(where === "query" ? { query: formOf(pairs) } : {}),
    ...(where === "form" ? { form: formOf(pairs) } : {}),
    ...(where === "json" ? { body: jsonOf(pairs), type: "application/json" } : {}),
  });
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the contract refuses them
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/;

/** What the contract takes as a text that people can read. */
function isReadable(text: string, min: number, max: number): boolean {
  const blank = text !== "" && text.trim() === "";
  const fits = text.length >= min && text.length <= max;
  return fits && !blank && text.isWellFormed() && !CONTROLS.test(text);
}

/** A refusal that names the field, or the whole query or body when it could not be read at all. */
function assertRefused({ code, json, text }: Answer, field: string): void {
  assert.equal(code, 10001, text);
  const { fields } = (json as { data: { fields: { field: string }[] } }).data;
  assert.ok(fields.length > 0);
  for (const one of fields) assert.ok([field, "query", "body"].includes(one.field), text);
}

it("what is said comes back exactly, from history and on the stream", async (t) => {
  const { live_id } = await newShow();
  // Signed in as the speaker, a viewer sees also those messages that were folded into others.
  const viewer = await watch(t, live_id, { token: bystander.token, gzip: true });
  const kept: LiveMessage[] = [];
  await fc.assert(
    fc.asyncProperty(hostileText, hostileText, place, async (content, gift_name, where) => {
      const isRightName = isReadable(gift_name, 1, 64);
      const data = isRightName ? { gift_name } : {};
      const said = { live_id, type: 1, content, data };
      const answer = await send("POST /message/live", where, said, bystander.token);
      if (!isReadable(content, 1, 500)) return assertRefused(answer, "content");
      assert.equal(answer.status, 200, answer.text);
      const query = { id: answer.json?.id };
      const { message } = await api.ok<{ message: LiveMessage }>("GET /message/history/single", {
        query,
      });
      assert.deepEqual([message.content, message.data], [content, data]);
      kept.push(message);
      return undefined;
    }),
    { numRuns: 300 },
  );
  await waitFor(() => viewer.of("message").length === kept.length, { message: "the stream" });
  const byId = (a: LiveMessage, b: LiveMessage) => a.id - b.id;
  assert.deepEqual(messagesOf(viewer).sort(byId), kept);
  assert.deepEqual((await historyOf(live_id)).slice(0, 100), kept.slice(0, 100));
  assert.deepEqual(viewer.faults, []);
});

it("what a gift is called is kept exactly, or refused by name", async () => {
  const { live_id } = await newShow();
  await fc.assert(
    fc.asyncProperty(hostileText, place, async (gift_name, where) => {
      const said = { live_id, type: 1, content: "for you", data: { gift_name } };
      const answer = await send("POST /message/live", where, said, bystander.token);
      if (!isReadable(gift_name, 1, 64)) return assertRefused(answer, "data.gift_name");
      const { message } = await api.ok<{ message: LiveMessage }>("GET /message/history/single", {
        query: { id: answer.json?.id },
      });
      assert.equal(message.data?.gift_name, gift_name);
      return undefined;
    }),
    { numRuns: 100 },
  );
});

it("what a room is called and said to be is kept exactly, or refused by name", async () => {
  const owner = await newMember();
  await fc.assert(
    fc.asyncProperty(hostileText, hostileText, place, async (room_name, description, where) => {
      const texts = { room_name, description };
      const answer = await send("POST /room/live", where, texts, owner.token);
      if (!isReadable(room_name, 1, 64) || !isReadable(description, 0, 500)) {
        const field = isReadable(room_name, 1, 64) ? "description" : "room_name";
        const isBoth = !isReadable(description, 0, 500) && field === "room_name";
        if (!isBoth) assertRefused(answer, field);
        assert.equal(answer.status, 400);
        return;
      }
      assert.equal(answer.status, 200, answer.text);
      const { live_id, key } = answer.json as unknown as Result<"live.open">;
      const { room } = await api.ok<{ room: Room }>("GET /room/live/single", {
        query: { live_id },
      });
      assert.deepEqual([room.room_name, room.introduction], [room_name, description]);
      const { rooms } = await api.ok<Result<"live.list">>("GET /room/live/list");
      assert.deepEqual(
        rooms.find((one) => one.live_id === live_id),
        room,
      );
      await end({ live_id, key, owner });
    }),
    { numRuns: 100 },
  );
});

it("what somebody is called is kept exactly, or refused by name", async () => {
  const { live_id } = await newShow();
  const taken = new Set<string>();
  const username = hostileText.map((text) => text.slice(0, 40));
  await fc.assert(
    fc.asyncProperty(username, place, async (name, where) => {
      const answer = await send("POST /register", where, { username: name, password: "12345" });
      if (!isReadable(name, 4, 31) || name !== name.trim())
        return assertRefused(answer, "username");
      if (taken.has(name)) return assert.equal(answer.code, 10005, answer.text);
      assert.equal(answer.status, 200, answer.text);
      taken.add(name);
      const session = answer.json as unknown as Session;
      const { user } = await api.ok<{ user: Account }>("GET /user/me", { token: session.token });
      assert.equal(user.username, name);
      const speaker = { ...session, username: name, password: "12345" };
      const message = await messageOf(await say(speaker, live_id, name));
      assert.deepEqual([message.user_name, message.content], [name, name]);
      return undefined;
    }),
    { numRuns: 60 },
  );
});

it("a password is any text, and no other opens the account", async () => {
  let members = 0;
  const password = hostileText.filter((text) => text.isWellFormed());
  await fc.assert(
    fc.asyncProperty(password, place, async (text, where) => {
      const username = `secretive ${++members}`;
      const answer = await send("POST /register", where, { username, password: text });
      if (text.length < 5 || text.length > 72) return assertRefused(answer, "password");
      assert.equal(answer.status, 200, answer.text);
      const again = await send("POST /login", where, { username, password: text });
      assert.equal(again.status, 200, again.text);
      const last = text.at(-1) === "x" ? "y" : "x";
      const other = text.slice(0, -1) + last;
      const wrong = await send("POST /login", "json", { username, password: other });
      assert.equal(wrong.code, 10008, wrong.text);
      return undefined;
    }),
    { numRuns: 25 },
  );
});

it("the server has logged no error", () => {
  assert.equal(server.errors(), "");
});
