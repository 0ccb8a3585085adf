import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { readEnv } from "../../lib/env.ts";
import { signingKey } from "../../lib/secret.ts";
import { tempDir } from "../support/temp-dir.ts";

test("without JWT_SECRET a key is made once, and only its owner can read it", async (t) => {
  const env = readEnv({ DATA_DIR: await tempDir(t) });
  const key = signingKey(env);
  assert.ok(key.length >= 64);
  assert.deepEqual(signingKey(env), key);
  assert.deepEqual(await readdir(env.dataDir), ["jwt-secret"]);
  const file = join(env.dataDir, "jwt-secret");
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.equal(await readFile(file, "utf8"), Buffer.from(key).toString());
});

test("of processes that start at once all have the key of the first", async (t) => {
  const env = readEnv({ DATA_DIR: await tempDir(t) });
  const url = new URL("../../lib/secret.ts", import.meta.url);
  const script = `import { signingKey } from "${url}"; process.stdout.write(signingKey(${JSON.stringify(env)}));`;
  const run = promisify(execFile);
  const starts = [1, 2, 3].map(() => run(process.execPath, ["--input-type=module", "-e", script]));
  const keys = (await Promise.all(starts)).map(({ stdout }) => stdout);
  assert.deepEqual(new Set(keys), new Set([Buffer.from(signingKey(env)).toString()]));
});

test("every data folder has a key of its own", async (t) => {
  const keys = [await tempDir(t), await tempDir(t)].map((DATA_DIR) =>
    signingKey(readEnv({ DATA_DIR })),
  );
  assert.notDeepEqual(keys[0], keys[1]);
});

test("JWT_SECRET goes first, and nothing is kept then", async (t) => {
  const JWT_SECRET = "a secret that everybody in the cluster knows";
  const env = readEnv({ DATA_DIR: await tempDir(t), JWT_SECRET });
  assert.equal(Buffer.from(signingKey(env)).toString(), JWT_SECRET);
  assert.deepEqual(await readdir(env.dataDir), []);
});

for (const content of ["", "\n", "too short"]) {
  test(`a kept key of ${JSON.stringify(content)} is refused and not used`, async (t) => {
    const env = readEnv({ DATA_DIR: await tempDir(t) });
    await writeFile(join(env.dataDir, "jwt-secret"), content);
    assert.throws(() => signingKey(env), /jwt-secret does not hold a key; delete it/);
  });
}
