import assert from "node:assert/strict";
import { existsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ensureDir } from "../../lib/ensure-dir.ts";
import { tempDir } from "../support/temp-dir.ts";

test("a folder is made with those above it, and left alone when it is there", async (t) => {
  const path = join(await tempDir(t), "a", "b", "c");
  ensureDir(path);
  ensureDir(path);
  assert.ok(statSync(path).isDirectory());
});

test("a file in its place, or above it, is an error", async (t) => {
  const file = join(await tempDir(t), "file");
  writeFileSync(file, "");
  assert.throws(() => ensureDir(file), { code: "EEXIST" });
  assert.throws(() => ensureDir(join(file, "below")), { code: "ENOTDIR" });
});

test("a folder that can hold no others is an error, and not for ever", () => {
  // Every Linux has /proc, which answers ENOENT; elsewhere the root is as good.
  const unwilling = existsSync("/proc/self") ? "/proc/molimoli/data" : "/dev/null/data";
  assert.throws(() => ensureDir(unwilling), /ENOENT|ENOTDIR|EACCES|EPERM|EROFS/);
});
