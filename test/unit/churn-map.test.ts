import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ChurnMap } from "../../lib/churn-map.ts";

const steps = fc.array(
  fc.record({
    what: fc.constantFrom("set", "set", "delete", "clear"),
    key: fc.integer({ min: 0, max: 20 }),
    value: fc.string(),
  }),
  { maxLength: 200 },
);

function contents(map: ChurnMap<number, string>): [number, string][] {
  const all: [number, string][] = [];
  map.forEach((value, key) => {
    all.push([key, value]);
  });
  return all;
}

describe("a map for what comes and goes", () => {
  it("holds what a Map would hold, in the same order", () => {
    fc.assert(
      fc.property(steps, (all) => {
        const [churn, map] = [new ChurnMap<number, string>(), new Map<number, string>()];
        for (const { what, key, value } of all) {
          if (what === "set") {
            churn.set(key, value);
            map.set(key, value);
          } else if (what === "delete") assert.equal(churn.delete(key), map.delete(key));
          else {
            churn.clear();
            map.clear();
          }
          assert.equal(churn.size, map.size);
          assert.equal(churn.has(key), map.has(key));
          assert.equal(churn.get(key), map.get(key));
        }
        assert.deepEqual(contents(churn), [...map]);
        assert.deepEqual([...churn.values()], [...map.values()]);
      }),
    );
  });

  it("can be deleted from while it is gone through", () => {
    const map = new ChurnMap<number, string>().set(1, "a").set(2, "b").set(3, "c");
    const seen: number[] = [];
    map.forEach((_, key) => {
      seen.push(key);
      map.delete(key);
      map.delete(3);
    });
    assert.deepEqual([seen, map.size], [[1, 2], 0]);
  });
});
