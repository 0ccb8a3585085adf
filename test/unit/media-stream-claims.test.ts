import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { StreamClaims } from "../../services/media/stream-claims.ts";

/** Claims to rooms that a test changes, and what was told. */
function claims() {
  const told: string[] = [];
  const state = {
    rooms: [] as number[],
    refused: [] as number[],
    broken: false,
    answer: Promise.resolve(),
  };
  const tell = async (text: string) => {
    await state.answer;
    if (state.broken) throw new Error("nobody there");
    told.push(text);
  };
  const claims = new StreamClaims({
    streaming: () => state.rooms,
    keep: async (rooms) => {
      await tell(`keep ${rooms}`);
      return rooms.filter((room) => !state.refused.includes(room));
    },
    end: (rooms) => tell(`end ${rooms}`),
    lost: (room) => told.push(`lost ${room}`),
    failed: () => told.push("failed"),
  });
  return { claims, told, state };
}

describe("claims to rooms", () => {
  it("are told as long as video comes in, and once when it does not any more", async () => {
    const { claims: made, told, state } = claims();
    await made.tell();
    state.rooms = [1, 2];
    await made.tell();
    state.rooms = [2];
    await made.tell();
    state.rooms = [];
    await made.tell();
    await made.tell();
    assert.deepEqual(told, ["keep 1,2", "end 1", "keep 2", "end 2"]);
  });

  it("say which rooms are not ours, and leave those to whom they belong", async () => {
    const { claims: made, told, state } = claims();
    Object.assign(state, { rooms: [1], refused: [1] });
    await made.tell();
    state.rooms = [];
    await made.tell();
    assert.deepEqual(told, ["keep 1", "lost 1"]);
  });

  it("never overtake one another: news during a round is another round", async () => {
    const { claims: made, told, state } = claims();
    const { promise, resolve } = Promise.withResolvers<void>();
    Object.assign(state, { rooms: [1], answer: promise });
    const round = made.tell();
    state.rooms = [];
    void made.tell();
    resolve();
    await round;
    assert.deepEqual(told, ["keep 1", "end 1"]);
  });

  it("make good what failed", async () => {
    const { claims: made, told, state } = claims();
    Object.assign(state, { rooms: [1], broken: true });
    await made.tell();
    Object.assign(state, { rooms: [], broken: false });
    await made.tell();
    assert.deepEqual(told, ["failed", "end 1"]);
  });
});
