import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Lineup } from "../../services/live/lineup.ts";

const ALL = Number.MAX_SAFE_INTEGER;

function lineup(...ids: number[]): Lineup {
  const made = new Lineup();
  for (const id of ids) made.opened(id);
  return made;
}

describe("line-up", () => {
  it("has the newest room first while nobody watches", () => {
    assert.deepEqual(lineup(10, 30, 20).page(0, ALL), [30, 20, 10]);
  });

  it("has the most watched room first", () => {
    const rooms = lineup(10, 20, 30);
    rooms.audience(10, 5);
    rooms.audience(20, 7);
    assert.deepEqual(rooms.page(0, ALL), [20, 10, 30]);
  });

  it("follows an audience that grows and leaves", () => {
    const rooms = lineup(10, 20);
    rooms.audience(10, 5);
    assert.deepEqual(rooms.page(0, ALL), [10, 20]);
    rooms.audience(10, 0);
    assert.deepEqual(rooms.page(0, ALL), [20, 10]);
    assert.equal(rooms.viewers(10), 0);
  });

  it("has pages that follow one another", () => {
    const rooms = lineup(10, 20, 30, 40, 50);
    rooms.audience(20, 1);
    assert.deepEqual(rooms.page(0, 2), [20, 50]);
    assert.deepEqual(rooms.page(2, 2), [40, 30]);
    assert.deepEqual(rooms.page(4, 2), [10]);
    assert.deepEqual(rooms.page(6, 2), []);
  });

  it("counts a room once, however often it is said to be open", () => {
    const rooms = lineup(10, 10);
    assert.equal(rooms.size, 1);
    assert.deepEqual(rooms.page(0, ALL), [10]);
  });

  it("forgets a room and its viewers when its show ends", () => {
    const rooms = lineup(10, 20);
    rooms.audience(10, 5);
    rooms.ended(10);
    assert.deepEqual(rooms.page(0, ALL), [20]);
    assert.equal(rooms.size, 1);
    assert.equal(rooms.viewers(10), 0);
  });

  it("takes the database's word for rooms whose events were lost", () => {
    const rooms = lineup(10, 20);
    rooms.audience(10, 5);
    rooms.reconcile(rooms.ids(), [20, 30]);
    assert.deepEqual(rooms.page(0, ALL), [30, 20]);
    assert.equal(rooms.viewers(10), 0);
  });

  it("believes an event that came while the database was asked", () => {
    const rooms = lineup(10, 20);
    const before = rooms.ids();
    rooms.opened(30);
    rooms.ended(10);
    rooms.reconcile(before, [10, 20]);
    assert.deepEqual(rooms.page(0, ALL), [30, 20]);
  });

  it("keeps no viewers of a room that is not live", () => {
    const rooms = lineup(10);
    rooms.audience(99, 5);
    assert.equal(rooms.viewers(99), 5);
    rooms.reconcile(rooms.ids(), [10]);
    assert.equal(rooms.viewers(99), 0);
  });

  it("is in order after any course of events", () => {
    const id = fc.integer({ min: 1, max: 12 });
    const event = fc.oneof(
      fc.record({ kind: fc.constant("opened" as const), id }),
      fc.record({ kind: fc.constant("ended" as const), id }),
      fc.record({ kind: fc.constant("audience" as const), id, viewers: fc.nat(5) }),
      fc.record({ kind: fc.constant("page" as const), id }),
    );
    fc.assert(
      fc.property(fc.array(event), (events) => {
        const rooms = new Lineup();
        const live = new Set<number>();
        const viewers = new Map<number, number>();
        for (const one of events) {
          if (one.kind === "opened") {
            rooms.opened(one.id);
            live.add(one.id);
          } else if (one.kind === "ended") {
            rooms.ended(one.id);
            live.delete(one.id);
            viewers.delete(one.id);
          } else if (one.kind === "audience") {
            rooms.audience(one.id, one.viewers);
            viewers.set(one.id, one.viewers);
          } else rooms.page(0, 3);
        }
        const watching = (room: number) => viewers.get(room) ?? 0;
        const expected = [...live].sort((a, b) => watching(b) - watching(a) || b - a);
        assert.deepEqual(rooms.page(0, ALL), expected);
        assert.equal(rooms.size, live.size);
      }),
    );
  });
});
