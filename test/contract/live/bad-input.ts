import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ApiRequest, type Fields, placements } from "../../support/api-client.ts";
import type { Node, Parameter } from "../../support/api-description.ts";
import { stateOf, untouched } from "./state.ts";
import { api, bystander, NO_ROOM } from "./suite.ts";

const TOO_DEEP = { a: { b: { c: { d: { e: { f: { g: { h: 1 } } } } } } } };

/** Values that no parameter of that kind may have, whatever its limits are. */
const wrongNumbers = [
  -1,
  1.5,
  2 ** 53,
  1e300,
  "1e309",
  "1e3",
  "0x10",
  "01",
  "+1",
  " 1",
  "1 ",
  "1,5",
  "NaN",
  "Infinity",
  "",
  "one",
  "١",
  "9007199254740993",
  "9".repeat(400),
  true,
  [1],
  { value: 1 },
];
const wrongTexts = [1, true, ["text"], { text: "text" }];
const wrongObjects = ["text", "{", "[]", "null", 1, [], true];

/** Values that a parameter refuses, by its schema. */
function wrongValues({ schema, required }: Parameter): unknown[] {
  const { type, enum: values, minimum, maximum, minLength, maxLength } = schema as Limits;
  if (values !== undefined) return [...values.map((value) => `${value}x`), 99, "", [], {}, true];
  if (type === "integer")
    return [
      ...wrongNumbers,
      ...(minimum === undefined ? [] : [minimum - 1, String(minimum - 1)]),
      ...(maximum === undefined ? [] : [maximum + 1, String(maximum + 1)]),
    ];
  if (type === "array") return wrongLists(schema);
  if (type === "object") return [...wrongObjects, { unknown: 1 }, ...wrongInside(schema)];
  return [
    ...wrongTexts,
    ...((minLength ?? 0) > 0 ? ["x".repeat((minLength ?? 1) - 1)] : []),
    ...(maxLength === undefined ? [] : ["x".repeat(maxLength + 1)]),
    ...(required ? [] : [""]),
  ];
}

/** Lists of which one entry is wrong, or that are too long. */
function wrongLists({ items = {}, maxItems }: Node): unknown[] {
  const entry = { name: "", required: true, schema: items as Node };
  const tooMany = Array.from({ length: Number(maxItems) + 1 }, () => rightValue(entry));
  return ["text", 1, true, { value: 1 }, tooMany, ...wrongValues(entry).map((wrong) => [wrong])];
}

interface Limits {
  type?: string;
  enum?: unknown[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
}

/** Objects of which one property has a wrong value. */
function wrongInside({ properties = {}, required = [] }: Node): unknown[] {
  const entries = Object.entries(properties as Record<string, Node>);
  const base = Object.fromEntries(
    entries
      .filter(([name]) => (required as string[]).includes(name))
      .map(([name, inner]) => [name, rightValue({ name, required: true, schema: inner })]),
  );
  return entries.flatMap(([name, schema]) =>
    wrongValues({ name, required: true, schema })
      // Inside an object nothing is converted: what is text stays text.
      .map((wrong) => ({ ...base, [name]: wrong })),
  );
}

/** A value that a parameter takes; as a room it is one that there is not. */
function rightValue({ name, schema }: Parameter): unknown {
  const { type, enum: values, minimum = 0, minLength = 1 } = schema as Limits;
  if (name === "live_id") return NO_ROOM;
  if (values !== undefined) return values[0];
  if (type === "integer") return minimum;
  if (type === "object") return {};
  if (type === "array") return [];
  if (schema.pattern !== undefined) return "#000000";
  return "x".repeat(minLength);
}

/** In a query or form everything is text; values that would be right as text are left out there. */
function differsAsText(value: unknown, { schema }: Parameter): boolean {
  const isText = (schema as Limits).type === "string";
  return typeof value === "object" ? !isText : !isText || typeof value === "string";
}

const described = api.description.operations.filter(({ parameters }) => parameters.length > 0);

function sent(access: string, more: ApiRequest): ApiRequest {
  return access === "user" ? { token: bystander.token, ...more } : more;
}

describe("bad input", () => {
  for (const { name, parameters, access } of described) {
    const right: Fields = Object.fromEntries(
      parameters
        .filter(({ required }) => required)
        .map((parameter) => [parameter.name, rightValue(parameter)]),
    );
    const refused = async (request: ApiRequest, field: string, what: string) => {
      const { data } = await api.refused(name, "BAD_REQUEST", sent(access, request));
      const fields = data?.fields ?? [];
      assert.ok(
        fields.some((one) => one.field === field || one.field.startsWith(`${field}.`)),
        `${what}: ${JSON.stringify(fields)}`,
      );
      for (const { problem } of fields) assert.match(problem, /^\w.*[^.]$/s);
    };

    for (const parameter of parameters)
      it(`${parameter.name} of ${name} is refused by name, and changes nothing`, async () => {
        const before = await stateOf();
        for (const placement of placements)
          for (const wrong of wrongValues(parameter)) {
            if (placement !== "json" && !differsAsText(wrong, parameter)) continue;
            const what = `${placement} ${JSON.stringify(wrong)?.slice(0, 100)}`;
            const fields = { ...right, [parameter.name]: wrong };
            await refused({ [placement]: fields }, parameter.name, what);
          }
        if (parameter.schema.type === "integer")
          for (const literal of ["1e309", "-1e309", "9007199254740993", "-0.1"]) {
            const text = JSON.stringify({ ...right, [parameter.name]: "here" });
            const body = text.replace('"here"', literal);
            await refused({ body, type: "application/json" }, parameter.name, literal);
          }
        await untouched(before);
      });

    it(`${name} names what is missing`, async () => {
      for (const { name: field, required } of parameters) {
        if (!required) continue;
        const { [field]: _, ...rest } = right;
        for (const placement of placements) {
          await refused({ [placement]: rest }, field, `${placement} without ${field}`);
          if (placement === "json")
            await refused({ json: { ...rest, [field]: null } }, field, "null");
        }
      }
    });

    it(`${name} names what it does not know`, async () => {
      for (const unknown of [
        "unknown",
        "Live_id",
        "live_id ",
        "constructor",
        "toString",
        "$$strict",
      ])
        for (const placement of placements)
          await refused({ [placement]: { ...right, [unknown]: "1" } }, unknown, placement);
      const json = `{"__proto__":{"admin":true},${JSON.stringify(right).slice(1)}`.replace(
        ",}",
        "}",
      );
      await refused({ body: json, type: "application/json" }, "__proto__", "__proto__");
      await refused({ query: `__proto__=1&__proto__[admin]=1` }, "__proto__", "in the query");
    });

    it(`${name} names what is there twice, or in two versions`, async () => {
      const field = (parameters[0] as Parameter).name;
      await refused({ query: `${field}=1&${field}=1` }, field, "twice in the query");
      await refused({ form: `${field}=1&${field}=2` }, field, "twice in the form");
      await refused({ query: { [field]: "7777" }, json: { [field]: "8888" } }, field, "differing");
    });

    it(`${name} takes at most a hundred parameters, none of them deep`, async () => {
      const thousand = Array.from({ length: 1_000 }, (_, i) => `p${i}=${i}`).join("&");
      await refused({ query: thousand }, "query", "a thousand in the query");
      await refused({ form: thousand }, "body", "a thousand in the form");
      await refused({ json: { ...right, deep: TOO_DEEP } }, "body", "deep JSON");
      const deepest = `${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}`;
      await refused({ body: deepest, type: "application/json" }, "body", "very deep JSON");
      const list = `${"[".repeat(20_000)}${"]".repeat(20_000)}`;
      await refused({ body: `{"a":${list}}`, type: "application/json" }, "body", "deep lists");
    });
  }
});
