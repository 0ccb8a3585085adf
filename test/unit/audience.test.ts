import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Audience, INTEREST_MS } from "../../services/push/audience.ts";

const START = 1_700_000_000_000;

test("viewers are the sum over all gateways, as each last told it", () => {
  const audience = new Audience();
  audience.set("gw-1", 10, START);
  audience.set("gw-2", 5, START);
  audience.set("gw-1", 7, START);
  assert.equal(audience.viewers, 12);
  assert.deepEqual(audience.nodes, ["gw-1", "gw-2"]);
});

test("a gateway that withdraws is gone, and one that never came may do so too", () => {
  const audience = new Audience();
  audience.set("gw-1", 10, START);
  audience.set("gw-1", 0, START);
  audience.set("gw-2", 0, START);
  assert.equal(audience.viewers, 0);
  assert.deepEqual(audience.nodes, []);
});

test("a gateway that falls silent is dropped, one that renews stays", () => {
  const audience = new Audience();
  audience.set("silent", 3, START);
  audience.set("renewing", 4, START);
  audience.set("renewing", 4, START + INTEREST_MS - 1);
  audience.expire(START + INTEREST_MS - 1);
  assert.equal(audience.viewers, 7);
  audience.expire(START + INTEREST_MS);
  assert.equal(audience.viewers, 4);
  assert.deepEqual(audience.nodes, ["renewing"]);
});

test("a list of nodes that was given out does not change", () => {
  const audience = new Audience();
  audience.set("gw-1", 1, START);
  const before = audience.nodes;
  audience.set("gw-2", 1, START);
  assert.deepEqual(before, ["gw-1"]);
});

test("after any history it is as if only the last word of each gateway had been heard", () => {
  const aStep = fc.record({
    node: fc.constantFrom("a", "b", "c"),
    viewers: fc.integer({ min: 0, max: 5 }),
    wait: fc.integer({ min: 0, max: INTEREST_MS }),
    expire: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(aStep, { maxLength: 30 }), (steps) => {
      const audience = new Audience();
      const model = new Map<string, { viewers: number; until: number }>();
      let now = START;
      for (const { node, viewers, wait, expire } of steps) {
        now += wait;
        if (expire) {
          audience.expire(now);
          for (const [key, { until }] of model) if (now >= until) model.delete(key);
        }
        audience.set(node, viewers, now);
        if (viewers === 0) model.delete(node);
        else model.set(node, { viewers, until: now + INTEREST_MS });
        const sum = model.values().reduce((total, one) => total + one.viewers, 0);
        assert.equal(audience.viewers, sum);
        assert.deepEqual(audience.nodes.toSorted(), [...model.keys()].toSorted());
      }
    }),
  );
});
