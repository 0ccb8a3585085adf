import assert from "node:assert/strict";
import { test } from "node:test";
import { params } from "../../contracts/params.ts";
import { coerceParams, fieldsOf, type Source } from "../../services/api/coerce.ts";

const fields = fieldsOf({
  $$strict: true,
  id: { type: "number", integer: true },
  kind: { type: "enum", values: [0, 1] },
  mode: { type: "enum", values: ["top", "bottom"] },
  on: { type: "boolean" },
  style: { type: "object", props: {} },
  name: { type: "string" },
});

const from = (record: Record<string, unknown>): Source => Object.entries(record);

/** The fields that a BAD_REQUEST names, with what it says about them. */
function problemsOf(act: () => unknown): [string, string][] {
  try {
    act();
  } catch (error) {
    const { type, data } = error as {
      type: string;
      data: { fields: { field: string; problem: string }[] };
    };
    assert.equal(type, "BAD_REQUEST");
    return data.fields.map(({ field, problem }) => [field, problem]);
  }
  return [];
}

test("digits become a number where the validator asks for one", () => {
  assert.deepEqual(coerceParams(fields, from({ id: "42", kind: "1" })), { id: 42, kind: 1 });
  assert.deepEqual(coerceParams(fields, from({ id: "-1" })), { id: -1 });
  assert.deepEqual(coerceParams(fields, from({ id: "9007199254740991" })), {
    id: Number.MAX_SAFE_INTEGER,
  });
});

test("digits stay text where the validator asks for text", () => {
  assert.deepEqual(coerceParams(fields, from({ name: "42", mode: "1" })), {
    name: "42",
    mode: "1",
  });
});

for (const odd of [
  "",
  " 1",
  "1 ",
  "01",
  "+1",
  "1.5",
  "1e3",
  "0x10",
  "1_000",
  "١",
  "9007199254740993",
  "NaN",
  "-0",
]) {
  test(`${JSON.stringify(odd)} is not taken for a number`, () => {
    assert.deepEqual(coerceParams(fields, from({ id: odd })), { id: odd });
  });
}

test("true and false become booleans, other words do not", () => {
  assert.deepEqual(coerceParams(fields, from({ on: "true" })), { on: true });
  assert.deepEqual(coerceParams(fields, from({ on: "false" })), { on: false });
  for (const word of ["True", "1", "yes", ""])
    assert.deepEqual(coerceParams(fields, from({ on: word })), { on: word });
});

test("JSON text becomes an object where the validator asks for one", () => {
  assert.deepEqual(coerceParams(fields, from({ style: '{"mode":"top"}' })), {
    style: { mode: "top" },
  });
  for (const text of ["{", "[1]", "null", '"a"'])
    assert.deepEqual(coerceParams(fields, from({ style: text })), { style: text });
});

test("JSON text that is nested too deep stays text", () => {
  const deep = `${'{"a":'.repeat(9)}1${"}".repeat(9)}`;
  assert.deepEqual(coerceParams(fields, from({ style: deep })), { style: deep });
});

test("values that are not text are left as they are", () => {
  const values = { id: 1.5, on: 1, style: [], name: 7 };
  assert.deepEqual(coerceParams(fields, from(values)), values);
});

test("null counts as absent", () => {
  assert.deepEqual(coerceParams(fields, from({ id: 1, style: null })), { id: 1 });
});

test("the same value may come in the query and in the body", () => {
  assert.deepEqual(coerceParams(fields, from({ id: "5" }), from({ id: 5, name: "a" })), {
    id: 5,
    name: "a",
  });
});

test("different values in the query and in the body are refused", () => {
  assert.deepEqual(
    problemsOf(() => coerceParams(fields, from({ id: "5" }), from({ id: 6 }))),
    [["id", "differs between the query and the body"]],
  );
});

test("a parameter that is repeated is refused, also with the same value", () => {
  const twice: Source = [
    ["id", "5"],
    ["id", "5"],
  ];
  assert.deepEqual(
    problemsOf(() => coerceParams(fields, twice)),
    [["id", "is given more than once"]],
  );
});

test("every unknown parameter is named", () => {
  assert.deepEqual(
    problemsOf(() => coerceParams(fields, from({ id: 1, "a[b]": "x", $$strict: "x" }))),
    [
      ["a[b]", "is not a parameter here"],
      ["$$strict", "is not a parameter here"],
    ],
  );
});

test("names of object internals are unknown parameters and change nothing", () => {
  const hostile = Object.entries(
    JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{}},"toString":"x"}'),
  );
  assert.deepEqual(
    problemsOf(() => coerceParams(fields, hostile)).map(([field]) => field),
    ["__proto__", "constructor", "toString"],
  );
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
});

test("long names are cut and long lists of problems end", () => {
  const many: Source = Array.from(
    { length: 90 },
    (_, i) => [`${"n".repeat(500)}${i}`, "x"] as const,
  );
  const problems = problemsOf(() => coerceParams(fields, many));
  assert.equal(problems.length, 20);
  assert.equal(problems[0]?.[0].length, 64);
});

test("every validator of the contract has a kind for each of its fields", () => {
  assert.equal(fieldsOf(params["push.send"]).get("type"), "number");
  assert.equal(fieldsOf(params["push.send"]).get("style"), "object");
  assert.equal(fieldsOf(params["live.list"]).get("limit"), "number");
  assert.equal(fieldsOf(params["message.export"]).get("format"), "text");
});
