import { type ErrorName, errors } from "../../../contracts/errors.ts";
import { type DouyinRoute, douyinTags } from "../douyin/route.ts";
import { type ActionRoute, type Route, tags } from "../route.ts";
import { answerSchema } from "./answers.ts";
import { douyinOperation } from "./douyin-operations.ts";
import { lastEventId, type Operation, operationId, security } from "./operation.ts";
import { type Parameter, parametersOf } from "./parameters.ts";
import { object, ref, type Schema, schemas } from "./schemas.ts";
import { withFile } from "./uploads.ts";

export interface OpenApiDocument {
  openapi: string;
  info: { title: string; version: string; summary: string; description: string };
  tags: { name: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: {
    schemas: Record<string, Schema>;
    responses: Record<string, Schema>;
    securitySchemes: Record<string, Schema>;
  };
}

const DESCRIPTION = `Parameters come in the query, as a form or as a JSON object; numbers may be written as text.
Every JSON answer of the live dialect begins with \`base_resp\`; \`status_code\` 0 means success, any other number is an error whose \`data\` names each bad field.
Paths under \`/douyin\` are the short-video dialect: they work with and without the slash at their end, take parameters from multipart forms too, ignore those that they do not know, and answer \`status_code\` and \`status_msg\` beside the fields, with HTTP status 200 also where a request is refused for what it asks.
Answers with status 429 or 503 say in \`Retry-After\` when to come back. Every answer carries an \`X-Request-ID\`.`;

/** Errors that any endpoint may answer, whatever it does. */
const ALWAYS: readonly ErrorName[] = ["BAD_REQUEST", "UNAVAILABLE", "INTERNAL"];
/** Every endpoint takes its parameters in a body too, also those that are asked by GET. */
const BY_BODY: readonly ErrorName[] = ["PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE"];
const WITH_TOKEN: readonly ErrorName[] = ["TOKEN_EXPIRED", "TOKEN_INVALID", "TOKEN_REVOKED"];

/** Builds the OpenAPI 3.1 description of the route tables of both dialects. */
export function openApiDocument(
  routes: readonly Route[],
  version: string,
  douyin: readonly DouyinRoute[] = [],
): OpenApiDocument {
  const paths: OpenApiDocument["paths"] = {};
  for (const route of routes) {
    paths[route.path] ??= {};
    (paths[route.path] as Record<string, Operation>)[route.method.toLowerCase()] = operation(route);
  }
  for (const route of douyin) {
    paths[route.path] ??= {};
    (paths[route.path] as Record<string, Operation>)[route.method.toLowerCase()] =
      douyinOperation(route);
  }
  const used = new Set(douyin.map(({ tag }) => douyinTags[tag]));
  return {
    openapi: "3.1.1",
    info: {
      title: "molimoli",
      version,
      summary: "Live rooms with danmaku, and short videos",
      description: DESCRIPTION,
    },
    tags: [...Object.values(tags), ...used].map((name) => ({ name })),
    paths,
    components: {
      schemas,
      responses: Object.fromEntries(
        (Object.keys(errors) as ErrorName[]).map((name) => [name, errorResponse(name)]),
      ),
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", bearerFormat: "JWT" },
        query: {
          type: "apiKey",
          in: "query",
          name: "token",
          description: "Where a header cannot be set, as with EventSource",
        },
      },
    },
  };
}

/** Objects of the store by their key, see media.ts. */
function mediaOperation({ errors = [] }: Route): Pick<Operation, "parameters" | "responses"> {
  const types = ["image/webp", "image/jpeg", "video/mp4", "video/webm", "video/quicktime"];
  const bytes = { content: Object.fromEntries(types.map((type) => [type, {}])) };
  return {
    parameters: [
      {
        name: "key",
        in: "path",
        required: true,
        description: "From the URLs that other answers hold; it contains slashes",
        schema: { type: "string" },
      },
      {
        name: "Range",
        in: "header",
        description: "One range of bytes",
        schema: { type: "string" },
      },
    ],
    responses: {
      200: { description: "The whole", ...bytes },
      206: { description: "The range asked for", ...bytes },
      304: { description: "What the client has is still right" },
      ...errorResponses(errors),
    },
  };
}

function operation(route: Route): Operation {
  const base = { operationId: operationId(route), tags: [tags[route.tag]], summary: route.summary };
  if ("page" in route && route.page === "media") return { ...base, ...mediaOperation(route) };
  if (!("action" in route))
    return {
      ...base,
      responses: { 200: pageResponse(route.path), ...errorResponses(route.errors ?? []) },
    };
  const parameters = parametersOf(route.action).filter(({ name }) => name !== "upload");
  return {
    ...base,
    ...(route.upload !== undefined
      ? withFile(route.upload, parameters)
      : route.method === "POST"
        ? asBody(parameters)
        : asQuery(route, parameters)),
    responses: { 200: success(route), ...errorResponses(possibleErrors(route)) },
    ...security(route.auth),
  };
}

function asQuery(route: ActionRoute, parameters: Parameter[]): Pick<Operation, "parameters"> {
  const list: Schema[] = parameters.map(({ name, required, schema }) => {
    const { description, ...rest } = schema;
    return { name, in: "query", required, ...(description ? { description } : {}), schema: rest };
  });
  if (route.reply === "stream") list.push(lastEventId);
  return list.length > 0 ? { parameters: list } : {};
}

function asBody(parameters: Parameter[]): Pick<Operation, "requestBody"> {
  if (parameters.length === 0) return {};
  const schema = object(
    Object.fromEntries(
      parameters.map(({ name, required, schema }) => [required ? name : `${name}?`, schema]),
    ),
  );
  return {
    requestBody: {
      required: true,
      content: {
        "application/json": { schema },
        "application/x-www-form-urlencoded": { schema },
      },
    },
  };
}

function possibleErrors(route: ActionRoute): ErrorName[] {
  const names = new Set<ErrorName>([...ALWAYS, ...BY_BODY, ...(route.errors ?? [])]);
  if (route.auth !== "none") for (const name of WITH_TOKEN) names.add(name);
  if (route.auth === "required") names.add("NEED_LOGIN");
  if (route.signIn) names.add("RATE_LIMITED");
  return [...names];
}

/** One response per status; several errors with the same status are alternatives. */
function errorResponses(names: readonly ErrorName[]): Record<string, Schema> {
  const byStatus = new Map<number, ErrorName[]>();
  for (const name of names) {
    const { status } = errors[name];
    byStatus.set(status, [...(byStatus.get(status) ?? []), name]);
  }
  const entries = [...byStatus].sort(([a], [b]) => a - b);
  return Object.fromEntries(entries.map(([status, same]) => [String(status), oneOf(same)]));
}

function oneOf(names: ErrorName[]): Schema {
  if (names.length === 1) return { $ref: `#/components/responses/${names[0]}` };
  const responses = names.map(errorResponse);
  return {
    description: responses.map(({ description }) => description).join(" · "),
    ...(responses[0]?.headers ? { headers: responses[0].headers } : {}),
    content: {
      "application/json": {
        schema: ref("Error"),
        examples: Object.fromEntries(names.map((name) => [name, { value: example(name) }])),
      },
    },
  };
}

function errorResponse(name: ErrorName): Schema {
  const { status, live, message } = errors[name];
  const retry = status === 429 || status === 503;
  return {
    description: `${live} ${message}`,
    ...(retry
      ? {
          headers: {
            "Retry-After": { description: "Seconds", schema: { type: "integer", minimum: 1 } },
          },
        }
      : {}),
    content: { "application/json": { schema: ref("Error"), example: example(name) } },
  };
}

function example(name: ErrorName): object {
  const { live, message } = errors[name];
  return {
    base_resp: { status_code: live, status_msg: message },
    data: name === "BAD_REQUEST" ? { fields: [{ field: "live_id", problem: "is missing" }] } : null,
  };
}

function success(route: ActionRoute): Schema {
  if (route.reply === "stream")
    return {
      description:
        "Server-sent events: message (a LiveMessage, with its id), presence, merged, reset, end, bye",
      content: { "text/event-stream": { schema: { type: "string" } } },
    };
  if (route.reply === "file") {
    const text = { schema: { type: "string" } };
    return {
      description: "The file",
      content: { "application/xml": text, "application/json": {}, "text/x-ssa": text },
    };
  }
  return {
    description: "Success",
    content: { "application/json": { schema: answerSchema(route.action) } },
  };
}

function pageResponse(path: string): Schema {
  if (path.startsWith("/health/"))
    return {
      description: "Yes",
      content: {
        "application/json": {
          schema: object({ base_resp: ref("BaseResp"), "services?": { type: "object" } }),
        },
      },
    };
  const type = path === "/openapi.json" ? "application/json" : "text/html";
  return { description: "The page", content: { [type]: {} } };
}
