import assert from "node:assert/strict";
import { test } from "node:test";
import { readOptions } from "../../scripts/dead-letters/options.ts";

test("dead letters are listed when nothing else is said", () => {
  assert.deepEqual(readOptions([]), { help: false, command: "list", numbers: "all" });
  assert.deepEqual(readOptions(["list", "2", "3"]).numbers, [2, 3]);
  assert.equal(readOptions(["--help"]).help, true);
});

test("dead letters are replayed and dropped by number, or all when that is said", () => {
  assert.deepEqual(readOptions(["replay", "7"]), { help: false, command: "replay", numbers: [7] });
  assert.deepEqual(readOptions(["drop", "--all"]).numbers, "all");
});

for (const [args, problem] of [
  [["replay"], /replay needs numbers, or --all/],
  [["burn"], /no command "burn"/],
  [["drop", "x"], /"x" is no number/],
  [["drop", "0"], /"0" is no number/],
  [["drop", "--all", "1"], /--all needs no numbers/],
  [["--what"], /--what/],
] as const)
  test(`dead letters: "${args.join(" ")}" is refused in a sentence`, () => {
    assert.throws(() => readOptions(args), { name: "Failure", message: problem });
  });
