import { douyinStatus, type ErrorName, errors } from "../../../contracts/errors.ts";
import { refusal } from "../douyin/envelope.ts";
import { type DouyinRoute, douyinTags } from "../douyin/route.ts";
import { lastEventId, type Operation, operationId, security } from "./operation.ts";
import { parametersIn } from "./parameters.ts";
import { object, ref, type Schema } from "./schemas.ts";
import { withFile } from "./uploads.ts";

/** Errors that any endpoint of this dialect may answer. */
const ALWAYS: readonly ErrorName[] = [
  "BAD_REQUEST",
  "UNAVAILABLE",
  "INTERNAL",
  "PAYLOAD_TOO_LARGE",
  "UNSUPPORTED_MEDIA_TYPE",
];
const WITH_TOKEN: readonly ErrorName[] = [
  "TOKEN_EXPIRED",
  "TOKEN_INVALID",
  "TOKEN_REVOKED",
  "TOKEN_MALFORMED",
];

/** What the OpenAPI document says of an endpoint of the short-video dialect. */
export function douyinOperation(route: DouyinRoute): Operation {
  const names = possibleErrors(route);
  const inside = names.filter((name) => douyinStatus(name) === 200);
  return {
    operationId: operationId(route),
    tags: [douyinTags[route.tag]],
    summary: route.summary,
    ...parametersOf(route),
    responses: { 200: success(route, inside), ...refusals(names) },
    ...security(route.auth),
  };
}

/** The codes that an endpoint may answer, by what went wrong. */
function possibleErrors(route: DouyinRoute): ErrorName[] {
  const names = new Set<ErrorName>([...ALWAYS, ...(route.errors ?? [])]);
  if (route.auth !== "none") for (const name of WITH_TOKEN) names.add(name);
  if (route.auth === "required") names.add("NEED_LOGIN").add("TOKEN_EMPTY");
  if (route.signIn) names.add("RATE_LIMITED");
  return [...names];
}

function parametersOf(route: DouyinRoute): Pick<Operation, "parameters" | "requestBody"> {
  const parameters = parametersIn(route.params, (name) => route.notes?.[name] ?? null);
  if (route.upload !== undefined) return withFile(route.upload, parameters);
  if (route.method === "GET") {
    const list: Schema[] = parameters.map(({ name, required, schema }) => {
      const { description, ...rest } = schema;
      return { name, in: "query", required, ...(description ? { description } : {}), schema: rest };
    });
    if (route.reply === "stream") list.push(lastEventId);
    return list.length > 0 ? { parameters: list } : {};
  }
  const schema = object(
    Object.fromEntries(
      parameters.map(({ name, required, schema }) => [required ? name : `${name}?`, schema]),
    ),
  );
  const types = ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"];
  return {
    requestBody: {
      // They may all be in the query instead.
      required: false,
      content: Object.fromEntries(types.map((type) => [type, { schema }])),
    },
  };
}

function success(route: DouyinRoute, inside: ErrorName[]): Schema {
  const refused = {
    schema: ref("DouyinError"),
    examples: examplesOf(inside),
  };
  if (route.reply === "stream")
    return {
      description:
        "Server-sent events: message (a DouyinMessage), reset, bye; or an error, as JSON",
      content: {
        "text/event-stream": { schema: { type: "string" } },
        "application/json": refused,
      },
    };
  const answer = object({
    status_code: { type: "integer", const: 0 },
    status_msg: { type: "string", const: "success" },
    ...route.fields,
  });
  return {
    description: "Success; or an error, with a status_code that is not 0",
    content: {
      "application/json": {
        schema: { oneOf: [answer, refused.schema] },
        examples: refused.examples,
      },
    },
  };
}

/** One response for each HTTP status but 200. */
function refusals(names: readonly ErrorName[]): Record<string, Schema> {
  const byStatus = new Map<number, ErrorName[]>();
  for (const name of names) {
    const status = douyinStatus(name);
    if (status !== 200) byStatus.set(status, [...(byStatus.get(status) ?? []), name]);
  }
  const entries = [...byStatus].sort(([a], [b]) => a - b);
  return Object.fromEntries(entries.map(([status, same]) => [String(status), response(same)]));
}

function response(names: ErrorName[]): Schema {
  const retry = names.some((name) => errors[name].status === 429 || errors[name].status === 503);
  return {
    description: names.map((name) => `${errors[name].douyin} ${errors[name].message}`).join(" · "),
    ...(retry
      ? {
          headers: {
            "Retry-After": { description: "Seconds", schema: { type: "integer", minimum: 1 } },
          },
        }
      : {}),
    content: { "application/json": { schema: ref("DouyinError"), examples: examplesOf(names) } },
  };
}

function examplesOf(names: readonly ErrorName[]): Record<string, Schema> {
  return Object.fromEntries(names.map((name) => [name, { value: refusal(name, null) }]));
}
