import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ErrorName, errors } from "../../../contracts/errors.ts";
import type { Node } from "../../support/api-description.ts";
import { api } from "./suite.ts";

/** What no request brings about as long as nothing is broken, or an operator set nothing. */
const ELSEWHERE = [
  "INTERNAL",
  "UNAVAILABLE",
  "REGISTER_FAILED",
  "LOGIN_FAILED",
  "SEND_FAILED",
  "RATE_LIMITED",
  "FEATURE_OFF",
  "FRIENDS_ONLY",
  "QUOTA_EXCEEDED",
  "VIDEO_TOOLS_MISSING",
] as const satisfies ErrorName[];
const elsewhere = new Set<number>(ELSEWHERE.map((name) => errors[name].douyin));

/** The codes in the examples of a response. */
function codesIn(response: Node): number[] {
  const found = JSON.stringify(response).matchAll(/"value":\{"status_code":(\d+)/g);
  return [...found].map(([, code]) => Number(code));
}

describe("what was exercised of the short-video dialect", () => {
  const operations = api.description.douyinOperations;

  it("is every operation that the server declares, with success", () => {
    for (const { name } of operations) assert.ok(api.exercised.has(`${name} 0`), name);
  });

  it("is every error that an operation declares, but for faults and what operators switch", () => {
    const missing = operations.flatMap(({ name, responses }) =>
      Object.values(responses)
        .flatMap(codesIn)
        .filter((code) => !elsewhere.has(code) && !api.exercised.has(`${name} ${code}`))
        .map((code) => `${name} ${code}`),
    );
    assert.deepEqual([...new Set(missing)], []);
  });
});
