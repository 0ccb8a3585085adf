import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ErrorName, errors } from "../../../contracts/errors.ts";
import { api } from "./suite.ts";

/**
 * What no request brings about as long as nothing is broken inside. Tests of the services and of the
 * gateway break it; here these must not happen at all.
 */
const FAULTS = [
  "INTERNAL",
  "UNAVAILABLE",
  "REGISTER_FAILED",
  "LOGIN_FAILED",
  "ROOM_CREATE_FAILED",
  "SEND_FAILED",
  "HISTORY_FAILED",
  "MESSAGE_READ_FAILED",
] as const satisfies ErrorName[];
const faults = new Set<number>(FAULTS.map((name) => errors[name].live));

const nameOf = new Map<number, string>(
  Object.entries(errors).map(([name, { live }]) => [live, name]),
);

/** `POST /login 10008` as `POST /login WRONG_PASSWORD`. */
function named(outcome: string): string {
  const [, operation = "", code] = /^(.*) (\d+)$/.exec(outcome) ?? [];
  return `${operation} ${nameOf.get(Number(code)) ?? "success"}`;
}

function assertSame(exercised: string[], declared: string[]): void {
  const [did, said] = [new Set(exercised), new Set(declared)];
  const undeclared = exercised.filter((outcome) => !said.has(outcome));
  const unexercised = declared.filter((outcome) => !did.has(outcome));
  assert.deepEqual({ undeclared, unexercised }, { undeclared: [], unexercised: [] });
}

describe("what was exercised", () => {
  it("is every operation that the server declares, with success", () => {
    const declared = api.description.operations.map(({ name }) => name);
    const succeeded = [...api.exercised]
      .filter((outcome) => outcome.endsWith(" 0"))
      .map((outcome) => outcome.slice(0, -2));
    assertSame(succeeded, declared);
  });

  it("is every error that an operation declares, but for faults inside, which did not happen", () => {
    const declared = api.description.operations.flatMap((operation) =>
      api.description
        .declaredCodes(operation)
        .filter((code) => !faults.has(code))
        .map((code) => `${operation.name} ${code}`),
    );
    const refused = [...api.exercised].filter((outcome) => !outcome.endsWith(" 0"));
    assertSame(refused.map(named), declared.map(named));
  });
});
