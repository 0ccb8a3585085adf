import assert from "node:assert/strict";
import { test } from "node:test";
import { hasBody, parseBody } from "../../services/api/body.ts";

const JSON_TYPE = { "content-type": "application/json" };
const FORM_TYPE = { "content-type": "application/x-www-form-urlencoded" };

const parse = (body: string | Uint8Array, headers: Record<string, string>) => [
  ...parseBody(Buffer.from(body as string), headers),
];
const fails = (type: string, problem?: string) => (error: unknown) => {
  const { type: actual, data } = error as {
    type: string;
    data: { fields?: { field: string; problem: string }[] } | null;
  };
  assert.equal(actual, type);
  if (problem !== undefined) assert.deepEqual(data?.fields, [{ field: "body", problem }]);
  return true;
};

test("a JSON object gives its members", () => {
  assert.deepEqual(parse('{"id":5,"style":{"mode":"top"}}', JSON_TYPE), [
    ["id", 5],
    ["style", { mode: "top" }],
  ]);
});

test("media types are matched without case, parameters and space", () => {
  assert.deepEqual(parse("{}", { "content-type": "Application/JSON ; charset=UTF-8" }), []);
  assert.deepEqual(
    parse("a=1", { "content-type": "application/x-www-form-urlencoded;charset=utf-8" }),
    [["a", "1"]],
  );
});

test("a byte order mark before JSON is no part of it", () => {
  assert.deepEqual(parse('\ufeff{"a":1}', JSON_TYPE), [["a", 1]]);
});

test("broken JSON is refused without telling where", () => {
  assert.throws(() => parse('{"a":', JSON_TYPE), fails("BAD_REQUEST", "is not JSON"));
});

for (const other of ["[]", "1", "null", '"a"']) {
  test(`${other} is refused: parameters are an object`, () => {
    assert.throws(() => parse(other, JSON_TYPE), fails("BAD_REQUEST", "must be a JSON object"));
  });
}

test("bytes that are no UTF-8 are refused, in JSON and in forms", () => {
  const bytes = Buffer.concat([
    Buffer.from('{"a":"'),
    Buffer.from([0xc3, 0x28]),
    Buffer.from('"}'),
  ]);
  assert.throws(() => parse(bytes, JSON_TYPE), fails("BAD_REQUEST", "is not UTF-8"));
  assert.throws(() => parse(bytes, FORM_TYPE), fails("BAD_REQUEST", "is not UTF-8"));
});

test("eight levels of JSON are taken, nine are refused", () => {
  const nested = (levels: number) => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;
  assert.equal(parse(nested(8), JSON_TYPE).length, 1);
  assert.throws(
    () => parse(nested(9), JSON_TYPE),
    fails("BAD_REQUEST", "is nested deeper than 8 levels"),
  );
});

test("sixty thousand levels of JSON are refused like nine", () => {
  const nested = `{"a":${"[".repeat(30_000)}${"]".repeat(30_000)}}`;
  assert.throws(
    () => parse(nested, JSON_TYPE),
    fails("BAD_REQUEST", "is nested deeper than 8 levels"),
  );
});

for (const type of ["text/plain", "application/xml", "multipart/form-data; boundary=x", ""]) {
  test(`a body of type "${type}" is refused`, () => {
    assert.throws(() => parse("a", { "content-type": type }), fails("UNSUPPORTED_MEDIA_TYPE"));
  });
}

test("other charsets and compressed bodies are refused", () => {
  assert.throws(
    () => parse("{}", { "content-type": "application/json; charset=gbk" }),
    fails("UNSUPPORTED_MEDIA_TYPE"),
  );
  assert.throws(
    () => parse("{}", { ...JSON_TYPE, "content-encoding": "gzip" }),
    fails("UNSUPPORTED_MEDIA_TYPE"),
  );
});

test("the headers tell whether there is a body", () => {
  assert.equal(hasBody({}), false);
  assert.equal(hasBody({ "content-length": "0" }), false);
  assert.equal(hasBody({ "content-length": "1" }), true);
  assert.equal(hasBody({ "transfer-encoding": "chunked" }), true);
});
