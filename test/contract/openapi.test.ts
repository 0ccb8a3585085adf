import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { ActionName } from "../../contracts/actions.ts";
import { douyinStatus, errors } from "../../contracts/errors.ts";
import { params } from "../../contracts/params.ts";
import { douyinRoutes } from "../../services/api/douyin/routes.ts";
import { answers } from "../../services/api/openapi/answers.ts";
import { docsPage } from "../../services/api/openapi/docs-page.ts";
import { openApiDocument } from "../../services/api/openapi/document.ts";
import type { Operation } from "../../services/api/openapi/operation.ts";
import { parametersOf } from "../../services/api/openapi/parameters.ts";
import type { ActionRoute } from "../../services/api/route.ts";
import { routes } from "../../services/api/routes.ts";

const api = openApiDocument(routes, "1.2.3", douyinRoutes);
const operations = Object.values(api.paths).flatMap((methods) => Object.values(methods));
const actionRoutes = routes.filter((route): route is ActionRoute => "action" in route);

function operationOf({ method, path }: { method: string; path: string }): Operation {
  const operation = api.paths[path]?.[method.toLowerCase()];
  assert.ok(operation, `${method} ${path} is not described`);
  return operation;
}

/** Names in `#/components/…/<name>` references, by the kind of component. */
function references(value: unknown): string[] {
  return [...JSON.stringify(value).matchAll(/"#\/components\/([^"]+)"/g)].map(
    ([, to]) => to as string,
  );
}

describe("the OpenAPI document", () => {
  test("is valid OpenAPI 3.1", async () => {
    const { valid, errors: problems } = await new Validator().validate(
      structuredClone(api) as never,
    );
    assert.ok(valid, JSON.stringify(problems, null, 2));
    assert.match(api.openapi, /^3\.1\./);
  });

  test("describes every route, and nothing else", () => {
    for (const route of routes) assert.equal(operationOf(route).summary, route.summary);
    for (const route of douyinRoutes) assert.equal(operationOf(route).summary, route.summary);
    assert.equal(operations.length, routes.length + douyinRoutes.length);
  });

  test("has a response for every error of the registry, with its code and words", () => {
    assert.deepEqual(Object.keys(api.components.responses), Object.keys(errors));
    for (const [name, { live, message }] of Object.entries(errors))
      assert.equal(api.components.responses[name]?.description, `${live} ${message}`);
  });

  test("lists the errors that each operation may answer, by status", () => {
    for (const route of actionRoutes) {
      const { responses } = operationOf(route);
      for (const name of [
        ...(route.errors ?? []),
        "BAD_REQUEST",
        "INTERNAL",
        "UNAVAILABLE",
      ] as const)
        assert.ok(responses[errors[name].status], `${route.method} ${route.path} ${name}`);
      if (route.auth !== "none") assert.ok(responses[401], route.path);
      if (route.signIn) assert.ok(responses[429]);
    }
  });

  test("lists what a short-video endpoint may answer by the status that it has there", () => {
    for (const route of douyinRoutes) {
      const { responses } = operationOf(route);
      for (const name of [...(route.errors ?? []), "BAD_REQUEST", "INTERNAL"] as const) {
        const declared = JSON.stringify(responses[douyinStatus(name)]);
        assert.ok(
          declared.includes(`"status_code":${errors[name].douyin}`),
          `${route.path} ${name}`,
        );
      }
    }
  });

  test("asks for a token exactly where the gateway does", () => {
    const ways = { none: 0, optional: 3, required: 2 };
    for (const route of [...actionRoutes, ...douyinRoutes])
      assert.equal(operationOf(route).security?.length ?? 0, ways[route.auth], route.path);
  });

  test("refers only to what it has", () => {
    for (const to of references(api)) {
      const [kind = "", name = ""] = to.split("/");
      const components = api.components as unknown as Record<string, Record<string, unknown>>;
      assert.ok(components[kind]?.[name], to);
    }
  });

  test("gives operations names of their own", () => {
    const ids = operations.map(({ operationId }) => operationId);
    assert.deepEqual(ids, [...new Set(ids)]);
  });

  test("says what every action with a JSON answer answers", () => {
    for (const route of actionRoutes)
      if (route.reply === "json") assert.ok(answers[route.action], route.action);
  });
});

describe("parameters in the OpenAPI document", () => {
  /** The parameters of an action as one schema, with every field in it. */
  function schemaOf(action: ActionName) {
    const list = parametersOf(action);
    return new Ajv2020({ strict: false }).compile({
      type: "object",
      properties: Object.fromEntries(list.map(({ name, schema }) => [name, schema])),
      required: list.filter(({ required }) => required).map(({ name }) => name),
      additionalProperties: false,
    });
  }

  test("are those of the validators", () => {
    for (const { action } of actionRoutes) {
      const names = parametersOf(action).map(({ name }) => name);
      const validated = Object.keys(params[action]).filter((name) => !name.startsWith("$$"));
      assert.deepEqual(names, validated, action);
    }
  });

  test("have the same limits as the validators", () => {
    const send = schemaOf("push.send");
    const message = { live_id: 5, type: 0, content: "hi" };
    assert.ok(send(message));
    assert.ok(send({ ...message, style: { mode: "top", color: "#FFFFFF", size: "small" } }));
    for (const wrong of [
      { ...message, live_id: 0 },
      { ...message, live_id: 1.5 },
      { ...message, live_id: "5" },
      { ...message, type: 3 },
      { ...message, content: "" },
      { ...message, content: "x".repeat(501) },
      { ...message, style: { mode: "top" } },
      { ...message, style: { mode: "top", color: "red", size: "small" } },
      { ...message, more: 1 },
      { live_id: 5, type: 0 },
    ])
      assert.ok(!send(wrong), JSON.stringify(wrong));
  });
});

describe("the page for people", () => {
  const html = docsPage(api);

  test("shows every operation and every error", () => {
    for (const { operationId } of operations) assert.ok(html.includes(`id="${operationId}"`));
    for (const name of Object.keys(errors)) assert.ok(html.includes(`<code>${name}</code>`), name);
  });

  test("shows the file and the parameters of an upload", () => {
    const cover = html.slice(html.indexOf('id="postRoomLiveCover"'));
    const article = cover.slice(0, cover.indexOf("</article>"));
    for (const name of ["live_id", "cover"]) assert.ok(article.includes(`<code>${name}</code>`));
  });

  test("has every anchor that it links to", () => {
    for (const [, anchor] of html.matchAll(/href="#([^"]+)"/g))
      assert.ok(html.includes(`id="${anchor}"`), anchor);
  });

  test("lets no text of the description become markup", () => {
    const evil = structuredClone(api);
    evil.info.title = '<script>alert("1")</script>';
    assert.ok(!docsPage(evil).includes("<script>"));
  });
});
