import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { closeCodes } from "../../contracts/close-codes.ts";
import { configBounds, defaultConfig } from "../../contracts/config.ts";
import { errors } from "../../contracts/errors.ts";
import { params } from "../../contracts/params.ts";
import { readEnv } from "../../lib/env.ts";
import { douyinRoutes } from "../../services/api/douyin/routes.ts";
import { routes } from "../../services/api/routes.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const read = (file: string) => readFileSync(join(ROOT, file), "utf8");

/** The rows of the table whose first column has that title, as lists of cells. */
function tableOf(file: string, firstColumn: string): string[][] {
  const lines = read(file).split("\n").map(cellsOf);
  const head = lines.findIndex((cells) => cells[0] === firstColumn);
  assert.notEqual(head, -1, `a table of "${firstColumn}" in ${file}`);
  const rest = lines.slice(head + 2);
  const end = rest.findIndex((cells) => cells.length === 0);
  return rest.slice(0, end === -1 ? undefined : end);
}

/** No cells where the line is not of a table. */
function cellsOf(line: string): string[] {
  if (!line.startsWith("|")) return [];
  return line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());
}

test("docs/api.md lists every error as the registry has it", () => {
  const documented = tableOf("docs/api.md", "status_code").map((cells) => cells.slice(0, 5));
  const registered = Object.entries(errors).map(([name, spec]) => [
    String(spec.live),
    name,
    String(spec.status),
    spec.message,
    "retryable" in spec ? "yes" : "no",
  ]);
  assert.deepEqual(documented, registered);
});

test("docs/api.md lists every close code as the registry has it", () => {
  const registered = Object.entries(closeCodes).map(([name, { code, reason }]) => [
    String(code),
    name,
    reason,
  ]);
  assert.deepEqual(tableOf("docs/api.md", "code"), registered);
});

test("docs/api.md lists every endpoint with its token and its parameters", () => {
  const documented = tableOf("docs/api.md", "method, path").map((cells) => cells.slice(0, 3));
  const routed = routes.map((route) => [
    `${route.method} ${route.path}`,
    "auth" in route ? route.auth : "none",
    "action" in route ? namesIn(params[route.action], route.upload) : "–",
  ]);
  assert.deepEqual(documented, routed);
});

test("docs/api.md lists every endpoint of the short-video dialect", () => {
  const table = tableOf("docs/api.md", "method, path of the short-video dialect");
  const routed = douyinRoutes.map((route) => [
    `${route.method} ${route.path}`,
    route.auth,
    namesIn(route.params, route.upload),
    route.reply === "json" ? fieldsOf(route.fields) : "a stream",
  ]);
  assert.deepEqual(table, routed);
});

test("an error has the same number in both dialects, 30000 apart, but for those of tokens", () => {
  for (const [name, { live, douyin }] of Object.entries(errors)) {
    if (/^(TOKEN_|NEED_LOGIN)/.test(name)) assert.match(String(douyin), /^3000[1-4]$/, name);
    else assert.equal(douyin, live + 30_000, name);
  }
});

/** Those that may be missing, whose names end in `?`, in parentheses. */
function fieldsOf(fields: object): string {
  const names = Object.keys(fields).map((name) => name.replace(/^(.*)\?$/, "($1)"));
  return names.join(", ") || "–";
}

/** Those that may be missing in parentheses, and the file of those that take one. */
function namesIn(validator: object, upload?: { part: string }): string {
  const names = Object.entries(validator)
    .filter(([name]) => !name.startsWith("$$") && name !== "upload")
    .map(([name, rule]) => ((rule as { optional?: boolean }).optional ? `(${name})` : name));
  return [...names, ...(upload === undefined ? [] : [`${upload.part} (file)`])].join(", ") || "–";
}

test("docs/operations.md lists the configuration with its defaults and bounds", () => {
  const documented = tableOf("docs/operations.md", "key").map((cells) => cells.slice(0, 3));
  const known = Object.entries(defaultConfig).flatMap(([section, values]) =>
    Object.entries(values).map(([key, value]) => [
      `${section}.${key}`,
      typeof value === "number" ? value.toLocaleString("en") : JSON.stringify(value),
      boundsOf(section as keyof typeof configBounds, key, value),
    ]),
  );
  assert.deepEqual(documented, known);
});

function boundsOf(section: keyof typeof configBounds, key: string, value: unknown): string {
  if (typeof value === "boolean") return "–";
  if (typeof value !== "number") return "10,000 words";
  const bounds = (configBounds[section] as Record<string, [number, number]>)[key];
  return (bounds ?? []).map((bound) => bound.toLocaleString("en")).join("–");
}

for (const file of ["README.md", "README.zh-CN.md"]) {
  test(`${file} names every variable of the environment`, () => {
    const asked: string[] = [];
    readEnv(new Proxy({}, { get: (_, name: string) => void asked.push(name) }));
    assert.ok(asked.length > 10);
    for (const name of asked) assert.ok(read(file).includes(`\`${name}\``), name);
  });
}

test("the links between the documents lead somewhere", () => {
  const documents = ["docs", "docs/decisions"]
    .flatMap((folder) => readdirSync(join(ROOT, folder)).map((name) => `${folder}/${name}`))
    .filter((path) => path.endsWith(".md"));
  for (const document of [...documents, "CONTRIBUTING.md"]) {
    for (const [, path = "", anchor] of read(document).matchAll(/\]\(([^)#\s:]*)(#[^)\s]+)?\)/g)) {
      const target = path === "" ? document : join(dirname(document), path);
      assert.ok(existsSync(join(ROOT, target)), `${document} → ${path}`);
      if (anchor !== undefined)
        assert.ok(anchorsOf(read(target)).includes(anchor), `${document} → ${path}${anchor}`);
    }
  }
});

test("every decision is in the list of decisions", () => {
  const listed = read("docs/decisions/README.md");
  for (const name of readdirSync(join(ROOT, "docs/decisions")))
    if (/^\d{4}/.test(name)) assert.ok(listed.includes(`](${name})`), name);
});

test("every dependency has a reason in the decisions", () => {
  const { dependencies, devDependencies } = JSON.parse(read("package.json"));
  const reasons = read("docs/decisions/0003-dependencies.md");
  for (const name of Object.keys({ ...dependencies, ...devDependencies }))
    assert.match(
      reasons,
      new RegExp(`^\\|[^|]*(?<![\\w/@-])${name}(?![\\w/-])[^|]*\\|`, "m"),
      name,
    );
});

/** The anchors that headings get where Markdown is shown. */
function anchorsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => {
    const words = heading.toLowerCase().replace(/[^\p{L}\p{N}\s-]/gu, "");
    return `#${words.trim().replace(/\s/g, "-")}`;
  });
}
