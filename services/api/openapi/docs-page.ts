import type { OpenApiDocument } from "./document.ts";
import type { Operation } from "./operation.ts";
import type { Schema } from "./schemas.ts";

/** Renders the API's description as one HTML page that needs nothing from elsewhere. */
export function docsPage(api: OpenApiDocument): string {
  const operations = listOperations(api);
  const groups = api.tags.map(({ name }) => ({
    name,
    members: operations.filter(({ operation }) => operation.tags.includes(name)),
  }));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${text(api.info.title)} API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/static/docs.css">
</head>
<body>
<nav aria-label="Endpoints">
<p><a href="/">${text(api.info.title)}</a> · <a href="/openapi.json">openapi.json</a></p>
${groups.map(({ name, members }) => `<strong>${text(name)}</strong>\n<ul>${members.map(menuEntry).join("")}</ul>`).join("\n")}
<ul><li><a href="#errors">Errors</a></li><li><a href="#objects">Objects</a></li></ul>
</nav>
<main>
<h1>${text(api.info.title)} ${text(api.info.version)}</h1>
${api.info.description
  .split("\n")
  .map((line) => `<p>${prose(line)}</p>`)
  .join("\n")}
${groups.map(({ name, members }) => `<h2>${text(name)}</h2>\n${members.map(article).join("\n")}`).join("\n")}
<h2 id="errors">Errors</h2>
${errorTable(api)}
<h2 id="objects">Objects</h2>
${Object.entries(api.components.schemas).map(objectArticle).join("\n")}
</main>
</body>
</html>
`;
}

interface Listed {
  method: string;
  path: string;
  operation: Operation;
}

function listOperations(api: OpenApiDocument): Listed[] {
  return Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      operation,
    })),
  );
}

function menuEntry({ method, path, operation }: Listed): string {
  return `<li><a href="#${text(operation.operationId)}">${method} ${text(path)}</a></li>`;
}

function article({ method, path, operation }: Listed): string {
  return `<article id="${text(operation.operationId)}">
<h3><span class="method">${method}</span>${text(path)}</h3>
<p>${text(operation.summary)}.${signInNote(operation)}</p>
${parameterTable(operation)}
${responseTable(operation)}
</article>`;
}

function signInNote({ security }: Operation): string {
  if (security === undefined) return "";
  const guests = security.some((way) => Object.keys(way).length === 0);
  return ` <span class="note">${guests ? "With a token or as a guest." : "Needs a token."}</span>`;
}

interface Row {
  name: string;
  schema: Schema;
  required: boolean;
  description: string;
}

function parameterTable(operation: Operation): string {
  const rows = [...queryRows(operation), ...bodyRows(operation)];
  return rows.length === 0 ? "" : propertyTable("Parameter", rows);
}

function queryRows({ parameters = [] }: Operation): Row[] {
  return parameters.map((parameter) => ({
    name: String(parameter.name),
    schema: parameter.schema as Schema,
    required: parameter.required === true,
    description: String(parameter.description ?? ""),
  }));
}

function bodyRows({ requestBody }: Operation): Row[] {
  const content = requestBody?.content as Record<string, { schema: Schema }> | undefined;
  const { schema } = content?.["application/json"] ?? content?.["multipart/form-data"] ?? {};
  return schema === undefined ? [] : propertyRows(schema);
}

function propertyRows(schema: Schema): Row[] {
  const required = (schema.required ?? []) as string[];
  return Object.entries((schema.properties ?? {}) as Record<string, Schema>).map(
    ([name, inner]) => ({
      name,
      schema: inner,
      required: required.includes(name),
      description: String(inner.description ?? ""),
    }),
  );
}

function propertyTable(heading: string, rows: Row[]): string {
  const body = rows.map(
    ({ name, schema, required, description }) =>
      `<tr><td><code>${text(name)}</code>${required ? "" : ' <span class="note">optional</span>'}</td><td>${typeOf(schema)}</td><td>${text(description)}</td></tr>`,
  );
  return `<table><thead><tr><th>${heading}</th><th>Type</th><th>Meaning</th></tr></thead><tbody>${body.join("")}</tbody></table>`;
}

function responseTable({ responses }: Operation): string {
  const rows = Object.entries(responses).map(([status, response]) => {
    const errors = errorNames(response).map(errorLink);
    const described = text(String(response.description ?? ""));
    const words =
      errors.length === 0
        ? described
        : `${status === "200" ? `${described}: ` : ""}${errors.join(" ")}`;
    return `<tr><td>${status}</td><td>${words}${answerFields(response)}</td></tr>`;
  });
  return `<table><thead><tr><th>Status</th><th>Answer</th></tr></thead><tbody>${rows.join("")}</tbody></table>`;
}

/** The errors that a response stands for: the one it refers to, or those of its examples. */
function errorNames(response: Schema): string[] {
  if (typeof response.$ref === "string") return [response.$ref.split("/").at(-1) ?? ""];
  const content = response.content as Record<string, { examples?: object }> | undefined;
  const { examples = {} } = content?.["application/json"] ?? {};
  return Object.keys(examples);
}

function errorLink(name: string): string {
  return `<a href="#errors"><code>${text(name)}</code></a>`;
}

const ENVELOPE: ReadonlySet<string> = new Set(["base_resp", "status_code", "status_msg"]);

/** The fields that a successful answer has besides the envelope. */
function answerFields(response: Schema): string {
  const content = response.content as Record<string, { schema?: Schema }> | undefined;
  const schema = content?.["application/json"]?.schema;
  if (schema === undefined) return "";
  const [answer = schema] = (schema.oneOf ?? []) as Schema[];
  const rows = propertyRows(answer).filter(({ name }) => !ENVELOPE.has(name));
  return rows
    .map(({ name, schema: inner }) => `<br><code>${text(name)}</code> ${typeOf(inner)}`)
    .join("");
}

function errorTable(api: OpenApiDocument): string {
  const rows = Object.entries(api.components.responses).map(([name, response]) => {
    const [code = "", ...message] = String(response.description).split(" ");
    return `<tr><td>${text(code)}</td><td><code>${text(name)}</code></td><td>${text(message.join(" "))}</td></tr>`;
  });
  return `<table><thead><tr><th>status_code</th><th>Name</th><th>status_msg</th></tr></thead><tbody>${rows.join("")}</tbody></table>`;
}

function objectArticle([name, schema]: [string, Schema]): string {
  const rows = propertyRows(schema);
  const description =
    schema.description === undefined ? "" : `<p>${text(String(schema.description))}.</p>`;
  return `<article id="${text(name)}"><h3>${text(name)}</h3>${description}${
    rows.length > 0 ? propertyTable("Field", rows) : `<p>${typeOf(schema)}</p>`
  }</article>`;
}

/** A schema in a few words. */
function typeOf(schema: Schema): string {
  if (typeof schema.$ref === "string") {
    const name = schema.$ref.split("/").at(-1) ?? "";
    return `<a href="#${text(name)}">${text(name)}</a>`;
  }
  if (Array.isArray(schema.oneOf)) return (schema.oneOf as Schema[]).map(typeOf).join(" or ");
  if (Array.isArray(schema.enum))
    return (schema.enum as unknown[])
      .map((value) => `<code>${text(String(value))}</code>`)
      .join(" ");
  if (schema.const !== undefined) return `<code>${text(String(schema.const))}</code>`;
  if (schema.type === "array") return `list of ${typeOf((schema.items ?? {}) as Schema)}`;
  if (schema.properties !== undefined)
    return `object of ${Object.keys(schema.properties as object)
      .map((name) => `<code>${text(name)}</code>`)
      .join(" ")}`;
  return `${text(String(schema.type ?? "anything"))}${limits(schema)}`;
}

function limits(schema: Schema): string {
  const [low, high] = [schema.minimum ?? schema.minLength, schema.maximum ?? schema.maxLength];
  const unit = schema.type === "string" ? " characters" : "";
  if (low === undefined && high === undefined) return "";
  if (high === undefined || high === Number.MAX_SAFE_INTEGER)
    return ` <span class="note">from ${low}${unit}</span>`;
  return ` <span class="note">${low ?? 0} to ${high}${unit}</span>`;
}

function text(value: string): string {
  return value
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/** Plain text in which `code` is marked by backticks. */
function prose(line: string): string {
  return text(line).replaceAll(/`([^`]+)`/g, "<code>$1</code>");
}
