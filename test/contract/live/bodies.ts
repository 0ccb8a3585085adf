import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import type { ApiRequest } from "../../support/api-client.ts";
import { stateOf, untouched } from "./state.ts";
import { api, bystander, newMember } from "./suite.ts";

const MEGABYTE = 1024 * 1024;
const TEN_MEGABYTES = Buffer.alloc(10 * MEGABYTE, "a");
const LIMIT = 64 * 1024;

// What takes files has bodies of its own, see images.ts.
const operations = api.description.operations.filter(
  ({ name, takesFile }) => !isPage(name) && !takesFile,
);

function isPage(name: string): boolean {
  return /^GET \/(health\/.*|openapi\.json|docs|media\/.*)?$/.test(name);
}

function withToken(request: ApiRequest): ApiRequest {
  return { token: bystander.token, ...request };
}

describe("a body", () => {
  for (const { name } of operations) {
    it(`of 10 MB is refused by ${name} and changes nothing`, async () => {
      const before = await stateOf();
      for (const type of ["application/json", "application/x-www-form-urlencoded", "text/plain"]) {
        const request = withToken({ body: TEN_MEGABYTES, type });
        const { data } = await api.refused(name, "PAYLOAD_TOO_LARGE", request);
        assert.deepEqual(data, { max_bytes: LIMIT });
      }
      await untouched(before);
    });

    it(`of another type than JSON or a form is refused by ${name}`, async () => {
      for (const type of [
        "text/plain",
        "text/json",
        "application/xml",
        "application/jsonp",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
        "application/x-www-form-urlencoded; charset=latin1",
        "application",
        "x",
        "",
      ])
        await api.refused(name, "UNSUPPORTED_MEDIA_TYPE", withToken({ body: "{}", type }));
      for (const encoding of ["gzip", "deflate", "br", "x"]) {
        const headers = { "content-encoding": encoding };
        const body = gzipSync("{}");
        const request = withToken({ body, type: "application/json", headers });
        await api.refused(name, "UNSUPPORTED_MEDIA_TYPE", request);
      }
    });

    it(`that is no JSON object is refused by ${name}`, async () => {
      const broken: (string | Buffer)[] = [
        "{",
        '{"a":1',
        '{"a":1}}',
        "{'a':1}",
        '{"a":undefined}',
        '{"a":NaN}',
        '{"a":1,}',
        "\0",
        '{"a":"\n"}',
        "not JSON",
        "null",
        "true",
        "1",
        '"text"',
        "[]",
        '[{"live_id":1}]',
        Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]),
        Buffer.from([0xc3, 0x28]),
        Buffer.from('{"a":"\ud800"}', "utf16le"),
        Buffer.from([0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x3a, 0x31, 0x7d]),
      ];
      for (const body of broken) {
        const request = withToken({ body, type: "application/json" });
        const { data } = await api.refused(name, "BAD_REQUEST", request);
        assert.equal(data?.fields?.[0]?.field, "body", String(body));
      }
    });

    it(`that is no percent-encoded UTF-8 is refused by ${name}`, async () => {
      for (const form of ["a=%", "a=%zz", "%ff=1", "a=%ed%a0%80", "a=%c3%28", "a=%c0%80"]) {
        const { data } = await api.refused(name, "BAD_REQUEST", withToken({ form }));
        assert.equal(data?.fields?.[0]?.field, "body", form);
        const inQuery = await api.refused(name, "BAD_REQUEST", withToken({ query: form }));
        assert.equal(inQuery.data?.fields?.[0]?.field, "query", form);
      }
      const body = Buffer.from([0x61, 0x3d, 0xff]);
      const type = "application/x-www-form-urlencoded";
      await api.refused(name, "BAD_REQUEST", withToken({ body, type }));
    });
  }

  it("may be empty, whatever its type is said to be", async () => {
    for (const type of ["application/json", "text/plain", "x", ""]) {
      await api.ok("GET /room/live/list", { body: "", type });
      const { token } = await newMember();
      await api.ok("POST /logout", { token, body: "", type });
    }
    const { data } = await api.refused("POST /login", "BAD_REQUEST", { body: "" });
    assert.deepEqual(data?.fields?.map(({ field }) => field).sort(), ["password", "username"]);
  });

  it("may be JSON with a byte order mark, or of a type written in any way", async () => {
    const { username, password } = await newMember();
    const json = JSON.stringify({ username, password });
    for (const type of [
      "application/json",
      "Application/JSON",
      "application/json;charset=UTF-8",
      'application/json ; charset="utf-8"',
    ])
      await api.ok("POST /login", { body: json, type });
    await api.ok("POST /login", { body: `\ufeff${json}`, type: "application/json" });
  });

  it("may have up to 64 KB", async () => {
    const { username, password } = await newMember();
    const json = JSON.stringify({ username, password });
    const type = "application/json";
    await api.ok("POST /login", { body: json.padEnd(LIMIT), type });
    const more = { body: json.padEnd(LIMIT + 1), type };
    await api.refused("POST /login", "PAYLOAD_TOO_LARGE", more);
  });
});
