import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { tempDir } from "../support/temp-dir.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const DEPCRUISE = join(ROOT, "node_modules", ".bin", "depcruise");
const FOLDERS = ["contracts", "lib", "mixins", "services", "web"];

/** A small project that follows every rule. */
const LAWFUL = {
  "package.json": JSON.stringify({
    type: "module",
    dependencies: { moleculer: "0", sequelize: "0" },
    devDependencies: { ajv: "0" },
  }),
  "node_modules/moleculer/package.json": JSON.stringify({ name: "moleculer", main: "index.js" }),
  "node_modules/moleculer/index.js": "export class ServiceBroker {}",
  "node_modules/sequelize/package.json": JSON.stringify({ name: "sequelize", main: "index.js" }),
  "node_modules/sequelize/index.js": "export class Sequelize {}",
  "node_modules/ajv/package.json": JSON.stringify({ name: "ajv", main: "index.js" }),
  "node_modules/ajv/index.js": "export class Ajv {}",
  "contracts/actions.ts": `export * from "./objects.ts";`,
  "contracts/objects.ts": "export interface Room { id: number }",
  "lib/ids.ts": `import type { Room } from "../contracts/objects.ts"; export type Id = Room["id"];`,
  "mixins/entity.mixin.ts": `import "moleculer"; import "../lib/ids.ts";`,
  "services/live/room.ts": `import type { Id } from "../../lib/ids.ts"; export type Live = Id;`,
  "services/live/room.model.ts": `import "sequelize"; import "./room.ts";`,
  "services/live/room.repo.ts": `import "sequelize"; import "./room.model.ts";`,
  "services/live/rooms.ts": `import "./room.repo.ts"; import type {} from "./room.model.ts";`,
  "services/live/migrations/01-rooms.ts": `import type { Sequelize } from "sequelize"; export type A = Sequelize;`,
  "services/live/live.service.ts": `import "moleculer"; import "./room.repo.ts"; import "../../mixins/entity.mixin.ts";`,
  "services/api/api.service.ts": `import "moleculer"; import "../../contracts/actions.ts";`,
  "services/api/route.ts": `import type { ServiceBroker } from "moleculer"; export type B = ServiceBroker;`,
  "web/main.ts": `import type { Room } from "../contracts/objects.ts"; export type R = Room;`,
};

/** The other half of a circle; a circle is reported once, at its first file. */
const HEN = { "lib/hen.ts": `import type { Egg } from "./egg.ts";` };

/** Files that each break one rule: `imports` is what they import. */
const UNLAWFUL = [
  { rule: "no-circles", file: "lib/egg.ts", imports: "./hen.ts" },
  { rule: "everything-resolves", file: "lib/lost.ts", imports: "./gone.ts" },
  { rule: "no-tools-at-run-time", file: "services/live/check.ts", imports: "ajv" },
  { rule: "contracts-stand-alone", file: "contracts/far.ts", imports: "../lib/ids.ts" },
  { rule: "lib-is-a-leaf", file: "lib/root.ts", imports: "../mixins/entity.mixin.ts" },
  { rule: "lib-without-broker", file: "lib/broker.ts", imports: "moleculer" },
  { rule: "mixins-below-services", file: "mixins/up.ts", imports: "../services/live/room.ts" },
  { rule: "services-meet-through-actions", file: "services/push/a.ts", imports: "../live/room.ts" },
  { rule: "services-above-the-rest", file: "services/push/w.ts", imports: "../../web/main.ts" },
  { rule: "rules-are-pure", file: "services/push/broker.ts", imports: "moleculer" },
  { rule: "rules-are-pure", file: "services/push/rows.ts", imports: "sequelize" },
  { rule: "rules-are-pure", file: "services/live/up.ts", imports: "./live.service.ts" },
  { rule: "repos-know-no-service", file: "services/live/b.repo.ts", imports: "./live.service.ts" },
  { rule: "web-is-a-client", file: "web/cheat.ts", imports: "../services/live/room.ts" },
] as const;

const temporary = { after };

async function project(files: Record<string, string>): Promise<string> {
  const folder = await tempDir(temporary);
  await copyFile(join(ROOT, ".dependency-cruiser.cjs"), join(folder, ".dependency-cruiser.cjs"));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
}

function depcruise(
  folder: string,
  outputType: string,
): Promise<{ code: number | string; stdout: string }> {
  return new Promise((resolve) => {
    execFile(
      DEPCRUISE,
      ["--output-type", outputType, ...FOLDERS],
      { cwd: folder },
      (error, stdout) => resolve({ code: error?.code ?? 0, stdout }),
    );
  });
}

const found = new Set<string>();

before(async () => {
  const files = Object.fromEntries(
    UNLAWFUL.map(({ file, imports }) => [file, `import type { X } from "${imports}";`]),
  );
  const { stdout } = await depcruise(await project({ ...LAWFUL, ...HEN, ...files }), "json");
  for (const { rule, from } of JSON.parse(stdout).summary.violations) {
    found.add(`${rule.name}: ${from}`);
  }
});

test("a project that follows the rules passes", async () => {
  const { code, stdout } = await depcruise(await project(LAWFUL), "err");
  assert.equal(code, 0, stdout);
});

test("one forbidden import fails the run and is named", async () => {
  const files = { ...LAWFUL, "services/push/a.ts": `import "../live/room.ts";` };
  const { code, stdout } = await depcruise(await project(files), "err");
  assert.notEqual(code, 0);
  assert.match(stdout, /services-meet-through-actions.*services\/push\/a\.ts/);
});

for (const { rule, file, imports } of UNLAWFUL) {
  test(`${rule}: ${file} may not import ${imports}, not even its types`, () => {
    assert.ok(found.has(`${rule}: ${file}`), `found only:\n${[...found].join("\n")}`);
  });
}

test("only the forbidden imports are reported", () => {
  const lawful = Object.keys(LAWFUL);
  const accused = [...found].filter((line) => lawful.some((file) => line.endsWith(`: ${file}`)));
  assert.deepEqual(accused, []);
});
