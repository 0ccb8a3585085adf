import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { describe, it } from "node:test";
import type { Line, Numbered } from "../../services/api/inbox/inbox-stream.ts";
import { Inboxes, type Limits } from "../../services/api/inbox/inboxes.ts";
import { waitFor } from "../support/wait-for.ts";

const ME = 7;
const YOU = 8;

/** A client that takes everything, unless it is told to stop. */
class FakeLine extends EventEmitter implements Line {
  text = "";
  writableLength = 0;
  stuck = false;
  ended = false;

  write(text: string): boolean {
    this.text += text;
    if (this.stuck) this.writableLength += text.length;
    return !this.stuck;
  }

  end(): void {
    this.ended = true;
    this.emit("close");
  }

  destroy(): void {
    this.end();
  }

  takeAll(): void {
    this.stuck = false;
    this.writableLength = 0;
    this.emit("drain");
  }

  /** Numbers of the messages that were written, in order. */
  get ids(): number[] {
    return [...this.text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
  }
}

/** Streams over an inbox of ME, and how to put messages into it. */
function desk(limits: Partial<Limits> = {}) {
  const kept: Numbered[] = [];
  let reads = 0;
  let fails = 0;
  const inboxes = new Inboxes(
    {
      read: async (_, after, limit) => {
        reads++;
        if (fails-- > 0) throw new Error("the database is away");
        return kept.filter(({ seq }) => seq > after).slice(0, limit);
      },
      marks: async (users) =>
        users.map((user_id) => ({ user_id, seq: user_id === ME ? kept.length : 0 })),
    },
    limits,
  );
  const keep = (content = "hello") => {
    const seq = kept.length + 1;
    const message = { id: seq, to_user_id: ME, from_user_id: YOU, content, create_time: seq };
    kept.push({ seq, message });
    return () => inboxes.hear({ inboxes: [{ user_id: ME, seq }], message });
  };
  const open = async (after?: number, session_id = 1) => {
    const line = new FakeLine();
    const opening = { user_id: ME, session_id, ...(after === undefined ? {} : { after }) };
    await inboxes.open(opening, line, () => {});
    return line;
  };
  const seen = (line: FakeLine, ids: number[]) =>
    waitFor(() => line.ids.length >= ids.length, { message: `messages ${ids}` }).then(() =>
      assert.deepEqual(line.ids, ids),
    );
  return {
    inboxes,
    keep,
    open,
    seen,
    reads: () => reads,
    failNext: (n: number) => {
      fails = n;
    },
  };
}

const upTo = (n: number, from = 1) => Array.from({ length: n - from + 1 }, (_, i) => from + i);

describe("a stream of private messages", () => {
  it("begins with what is new, and passes that on without reading", async () => {
    const { keep, open, seen, reads } = desk();
    keep();
    const line = await open();
    keep()();
    keep("second")();
    await seen(line, [2, 3]);
    assert.equal(reads(), 0);
    assert.match(line.text, /^retry: \d+\n\nid: 2\nevent: message\ndata: \{"id":2,/);
  });

  it("goes on after its cursor, however much that is", async () => {
    const { keep, open, seen } = desk();
    for (let n = 0; n < 230; n++) keep();
    await seen(await open(0), upTo(230));
    await seen(await open(228), [229, 230]);
  });

  it("says so when its cursor was never given, and begins with what is new", async () => {
    const { keep, open, seen } = desk();
    keep();
    for (const cursor of [2, Number.NaN]) {
      const line = await open(cursor);
      assert.match(line.text, /event: reset\n/);
      assert.deepEqual(line.ids, []);
    }
    const line = await open(9);
    keep()();
    await seen(line, [2]);
  });

  it("reads what it was not told of, before what it was told of", async () => {
    const { keep, open, seen } = desk();
    const line = await open();
    keep();
    keep();
    keep()();
    await seen(line, [1, 2, 3]);
  });

  it("has messages once and in order, in whatever order it hears of them", async () => {
    const { keep, open, seen } = desk();
    const line = await open();
    const tell = [keep(), keep(), keep(), keep()];
    for (const at of [1, 0, 3, 3, 2, 1]) tell[at]?.();
    await seen(line, [1, 2, 3, 4]);
  });

  it("finds by itself what nobody told of", async () => {
    const { inboxes, keep, open, seen } = desk();
    const line = await open();
    keep();
    keep();
    await inboxes.care();
    await seen(line, [1, 2]);
  });

  it("asks again when a read failed", async () => {
    const { inboxes, keep, open, seen, failNext, reads } = desk();
    const line = await open();
    failNext(1);
    keep();
    await inboxes.care();
    await waitFor(() => reads() === 1, { message: "a read that fails" });
    assert.deepEqual(line.ids, []);
    await inboxes.care();
    await seen(line, [1]);
  });

  it("holds nothing back for a client that takes nothing, and lets it go", async () => {
    const { inboxes, keep, open, seen } = desk({ slowMs: 0 });
    const line = await open();
    line.stuck = true;
    const long = "x".repeat(500);
    for (let n = 0; n < 1_000; n++) keep(long)();
    await inboxes.care();
    await waitFor(() => line.ended, { message: "it to be let go" });
    assert.ok(line.writableLength < 200_000, `${line.writableLength} bytes held`);
    assert.match(line.text, /"code":3001/);
    assert.equal(inboxes.size, 0);
    const again = await open(line.ids.at(-1));
    await seen(again, upTo(1_000, line.ids.length + 1));
  });

  it("goes on when a slow client has taken what it was sent", async () => {
    const { keep, open, seen } = desk();
    const line = await open();
    line.stuck = true;
    for (let n = 0; n < 400; n++) keep("x".repeat(500))();
    await waitFor(() => line.writableLength > 64 * 1024, { message: "a backlog" });
    line.takeAll();
    await seen(line, upTo(400));
  });

  it("is told that its connection is there still", async () => {
    const { inboxes, open } = desk({ heartbeatMs: 0 });
    const line = await open();
    await inboxes.care();
    assert.match(line.text, /\n:\n\n$/);
  });
});

describe("the streams of a gateway", () => {
  it("have limits, for one user and in all", async () => {
    const { inboxes, open } = desk({ ofUser: 2, all: 3 });
    const [first] = [await open(), await open()];
    await assert.rejects(open(), { type: "TOO_MANY_VIEWERS" });
    await inboxes.open({ user_id: 9, session_id: 9 }, new FakeLine(), () => {});
    const other = inboxes.open({ user_id: 10, session_id: 9 }, new FakeLine(), () => {});
    await assert.rejects(other, { type: "TOO_MANY_VIEWERS" });
    first?.end();
    await open();
    assert.equal(inboxes.size, 3);
  });

  it("end with the session that they are of", async () => {
    const { inboxes, open } = desk();
    const [mine, other] = [await open(undefined, 1), await open(undefined, 2)];
    inboxes.revoke(1);
    assert.match(mine.text, /event: bye\ndata: \{"code":3500,.*"reconnect":false\}/);
    assert.ok(mine.ended && !other.ended);
  });

  it("are let go with a word when the gateway goes down, and no more are taken", async () => {
    const { inboxes, open } = desk();
    const lines = [await open(), await open()];
    await inboxes.drain(0);
    for (const line of lines) assert.match(line.text, /event: bye\ndata: \{"code":3000,/);
    assert.equal(inboxes.size, 0);
    await assert.rejects(open(), { type: "UNAVAILABLE" });
  });

  it("forget those that were refused, and those whose client has left meanwhile", async () => {
    const inboxes = new Inboxes({
      read: async () => [],
      marks: () => Promise.reject(new Error("the database is away")),
    });
    const line = new FakeLine();
    await assert.rejects(inboxes.open({ user_id: ME, session_id: 1 }, line, () => {}));
    assert.equal(inboxes.size, 0);
    assert.equal(line.text, "");
  });
});
