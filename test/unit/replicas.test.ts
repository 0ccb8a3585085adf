import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ConnectionRefusedError, DatabaseError, type Sequelize } from "sequelize";
import { ProductError } from "../../contracts/errors.ts";
import { Replicas } from "../../lib/database/replicas.ts";

const REFUSED = new ConnectionRefusedError(new Error("ECONNREFUSED"));
const NO_TABLE = new DatabaseError(Object.assign(new Error("ER_NO_SUCH_TABLE"), { sql: "" }));

/** Databases that are only names, some of which fail. */
function replicas(...names: string[]) {
  const as = (name: string) => name as unknown as Sequelize;
  const world = { now: 0, away: 0, failing: new Map<string, Error>() };
  const set = new Replicas({
    primary: as("primary"),
    replicas: names.map(as),
    now: () => world.now,
    away: () => world.away++,
  });
  const asked: string[] = [];
  const read = () =>
    set.read(async (database) => {
      const name = database as unknown as string;
      asked.push(name);
      const error = world.failing.get(name);
      if (error !== undefined) throw error;
      return name;
    });
  return { world, asked, read };
}

describe("replicas", () => {
  it("are none: the primary is read", async () => {
    assert.equal(await replicas().read(), "primary");
  });

  it("are read in turn", async () => {
    const { read } = replicas("a", "b");
    assert.deepEqual([await read(), await read(), await read()], ["a", "b", "a"]);
  });

  it("stand in for one another, and the primary for all of them", async () => {
    const { read, world } = replicas("a", "b");
    world.failing.set("a", REFUSED);
    assert.equal(await read(), "b");
    world.failing.set("b", REFUSED);
    assert.equal(await read(), "primary");
  });

  it("are left alone for five seconds when they were out of reach, and said to be once", async () => {
    const { read, world, asked } = replicas("a");
    world.failing.set("a", REFUSED);
    for (let i = 0; i < 3; i++) assert.equal(await read(), "primary");
    assert.deepEqual(asked, ["a", "primary", "primary", "primary"]);
    assert.equal(world.away, 1);
    world.failing.clear();
    world.now = 4_999;
    assert.equal(await read(), "primary");
    world.now = 5_000;
    assert.equal(await read(), "a");
  });

  it("that lack what the primary has already are passed over, but not left alone", async () => {
    const { read, world } = replicas("a");
    world.failing.set("a", NO_TABLE);
    assert.equal(await read(), "primary");
    world.failing.clear();
    assert.equal(await read(), "a");
    assert.equal(world.away, 0);
  });

  it("are not asked twice for what is no fault of theirs", async () => {
    const { read, world, asked } = replicas("a");
    world.failing.set("a", new ProductError("BAD_REQUEST"));
    await assert.rejects(read(), { type: "BAD_REQUEST" });
    assert.deepEqual(asked, ["a"]);
  });

  it("do not hide an error that the primary has too", async () => {
    const { read, world } = replicas("a");
    world.failing.set("a", REFUSED).set("primary", REFUSED);
    await assert.rejects(read(), REFUSED);
  });
});
