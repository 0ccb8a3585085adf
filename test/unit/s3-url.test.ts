import assert from "node:assert/strict";
import { test } from "node:test";
import { readEnv } from "../../lib/env.ts";
import { parseS3Url } from "../../lib/object-store/s3-url.ts";

const minio = {
  endpoint: "http://127.0.0.1:9000",
  bucket: "molimoli",
  prefix: "",
  region: "us-east-1",
  credentials: { accessKeyId: "key", secretAccessKey: "secret" },
  pathStyle: true,
};

test("a server by its address, with the bucket in the path", () => {
  assert.deepEqual(parseS3Url("http://key:secret@127.0.0.1:9000/molimoli"), minio);
  assert.deepEqual(parseS3Url("HTTP://key:secret@127.0.0.1:9000/molimoli/"), minio);
});

test("a folder in the bucket, a region, and the bucket in the host name", () => {
  assert.deepEqual(
    parseS3Url("https://key:s%2Fe%40c@cos.example/live-1/a/b.c?region=ap-guangzhou&path_style=0"),
    {
      endpoint: "https://cos.example",
      bucket: "live-1",
      prefix: "a/b.c/",
      region: "ap-guangzhou",
      credentials: { accessKeyId: "key", secretAccessKey: "s/e@c" },
      pathStyle: false,
    },
  );
});

test("AWS by its region alone, with or without credentials", () => {
  const aws = { ...minio, endpoint: null, pathStyle: false, region: "eu-central-1" };
  assert.deepEqual(parseS3Url("s3://key:secret@molimoli?region=eu-central-1"), aws);
  assert.deepEqual(parseS3Url("s3://molimoli/x?region=eu-central-1&path_style=1"), {
    ...aws,
    prefix: "x/",
    pathStyle: true,
    credentials: null,
  });
});

for (const [url, problem] of [
  ["ftp://key:secret@h/bucket", "must begin with"],
  ["http://key:secret@h", "must name a bucket"],
  ["http://key:secret@h/B", "must name a bucket"],
  ["s3://key:secret@b", "must name a bucket"],
  ["http://h/bucket", "must hold an access key and a secret"],
  ["http://key@h/bucket", "must hold an access key and a secret"],
  ["s3://key@bucket", "must hold an access key and a secret"],
  ["http://k%ey:secret@h/bucket", "must have %"],
  ["http://key:secret@h/bucket?regoin=x", "not known: regoin"],
  ["http://key:secret@h/bucket?region=a%20b", "has a region"],
  ["http://key:secret@h/bucket?path_style=maybe", "path_style"],
  ["http://key:secret@h/bucket/a%20b", "has a folder"],
  ["http://key:secret@h/bucket/../x", "must name a bucket"],
  ["s3://key:secret@bucket:9000", "has a port"],
  ["http://key:sec#ret@h/bucket", "is not a URL"],
] as const)
  test(`S3_URL ${url.replace(/\/\/.*@/, "//…@")} is refused: ${problem}`, () => {
    assert.throws(
      () => readEnv({ S3_URL: url }),
      (error: Error) => {
        assert.match(error.message, /^The environment has a wrong value: S3_URL /);
        assert.ok(error.message.includes(problem), error.message);
        assert.doesNotMatch(error.message, /secret@|:secret/);
        return true;
      },
    );
  });
