import assert from "node:assert/strict";
import { it } from "node:test";
import { supersedes } from "../../mixins/config-origin.ts";

const known = { node: "a", revision: 10 };

it("a configuration of a higher revision replaces a lower one, whoever tells it", () => {
  assert.equal(supersedes({ node: "a", revision: 11 }, known), true);
  assert.equal(supersedes({ node: "b", revision: 11 }, known), true);
});

it("a lower revision of another node is an older one", () => {
  assert.equal(supersedes({ node: "b", revision: 9 }, known), false);
});

it("a lower revision of the same node is its newer word", () => {
  assert.equal(supersedes({ node: "a", revision: 9 }, known), true);
});

it("any other revision replaces that of a node that is gone", () => {
  assert.equal(supersedes({ node: "b", revision: 9 }, { node: null, revision: 10 }), true);
});

it("the same revision is nothing new", () => {
  for (const node of ["a", "b"]) assert.equal(supersedes({ node, revision: 10 }, known), false);
});
