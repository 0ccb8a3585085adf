import assert from "node:assert/strict";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";

/** A JSON Schema, or a part of the OpenAPI document. */
export interface Node {
  readonly [keyword: string]: unknown;
}

export interface Parameter {
  name: string;
  required: boolean;
  schema: Node;
}

/** One operation, as the server's /openapi.json declares it. */
export interface DeclaredOperation {
  /** Method and path: `POST /register`. */
  name: string;
  /** From the query or the body; no headers. */
  parameters: Parameter[];
  /** `open`: no token is looked at; `guest`: one may be given; `user`: one is needed. */
  access: "open" | "guest" | "user";
  hasBody: boolean;
  /** Its body is a multipart form with a file in it. */
  takesFile: boolean;
  responses: Record<string, Node>;
}

const BASE = "http://molimoli.test/openapi.json";

/**
 * What the server says of itself, as a judge of its answers. It is stricter than the document: an
 * object may hold nothing that is not declared, but for the details of errors.
 */
export class ApiDescription {
  /** Those of the live dialect, and of no dialect. */
  readonly operations: readonly DeclaredOperation[];
  /** Those of the short-video dialect. */
  readonly douyinOperations: readonly DeclaredOperation[];
  readonly document: Node;
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true });
  readonly #validators = new Map<string, ValidateFunction>();
  readonly #names = new Map<string, DeclaredOperation>();

  constructor(document: Node) {
    this.document = document;
    this.#ajv.addSchema({ ...(closed(document, "") as Node), $id: BASE });
    const all = operationsOf(document);
    this.operations = all.filter(({ name }) => !isDouyin(name));
    this.douyinOperations = all.filter(({ name }) => isDouyin(name));
    for (const operation of all) this.#names.set(operation.name, operation);
  }

  find(name: string): DeclaredOperation | undefined {
    return this.#names.get(name);
  }

  /** Holds an object against a schema of the components, e.g. "LiveMessage". */
  checkObject(name: string, value: unknown): void {
    this.#check(`#/components/schemas/${name}`, value, name);
  }

  /** Holds an answer against what is declared for its operation and status. */
  checkAnswer(operation: string, status: number, contentType: string, body: unknown): void {
    const declared = this.find(operation);
    if (declared === undefined) {
      this.checkObject(isDouyin(operation) ? "DouyinError" : "Error", body);
      return;
    }
    const what = `${operation} ${status}`;
    const pointer = `#/paths/${pointerPart(operation.split(" ")[1] as string)}/${operation.split(" ")[0]?.toLowerCase()}/responses/${status}`;
    const response = declared.responses[status];
    assert.ok(response, `${what} is not declared: ${JSON.stringify(body)}`);
    const at = typeof response.$ref === "string" ? response.$ref : pointer;
    const content = (this.#node(at).content ?? {}) as Record<string, Node>;
    const type = contentType.split(";", 1)[0] as string;
    assert.ok(content[type], `${what} answers ${contentType}, declared: ${Object.keys(content)}`);
    if (content[type].schema !== undefined)
      this.#check(`${at}/content/${pointerPart(type)}/schema`, body, what);
  }

  /** The status codes of the envelope that an operation may answer, by the examples given. */
  declaredCodes({ responses }: DeclaredOperation): number[] {
    return Object.values(responses).flatMap((response) => {
      const node = typeof response.$ref === "string" ? this.#node(response.$ref) : response;
      const json = (node.content as Record<string, Node> | undefined)?.["application/json"];
      const examples = (json?.examples ?? { only: { value: json?.example } }) as Record<
        string,
        { value?: { base_resp?: { status_code: number } } }
      >;
      return Object.values(examples).flatMap(({ value }) => value?.base_resp?.status_code ?? []);
    });
  }

  #check(pointer: string, value: unknown, what: string): void {
    const validate = this.#validators.get(pointer) ?? this.#ajv.compile({ $ref: BASE + pointer });
    this.#validators.set(pointer, validate);
    if (validate(value)) return;
    const problems = (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
    );
    assert.fail(`${what} is not as declared: ${problems.join("; ")}\n${JSON.stringify(value)}`);
  }

  #node(pointer: string): Node {
    let node: unknown = this.document;
    for (const part of pointer.slice(2).split("/"))
      node = (node as Node)[part.replaceAll("~1", "/").replaceAll("~0", "~")];
    assert.ok(node, `${pointer} leads nowhere`);
    return node as Node;
  }
}

/** Whether an operation (`GET /douyin/feed/`) is of the short-video dialect. */
export function isDouyin(operation: string): boolean {
  return / \/douyin(\/|$)/.test(operation);
}

function operationsOf(document: Node): DeclaredOperation[] {
  const paths = document.paths as Record<string, Record<string, Node>>;
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      parameters: [...queryParameters(operation), ...bodyParameters(operation)],
      access: accessOf(operation.security),
      hasBody: operation.requestBody !== undefined,
      takesFile: takesFile(operation),
      responses: operation.responses as Record<string, Node>,
    })),
  );
}

function queryParameters({ parameters = [] }: Node): Parameter[] {
  return (parameters as (Parameter & { in: string })[])
    .filter((parameter) => parameter.in === "query")
    .map(({ name, required, schema }) => ({ name, required, schema }));
}

function bodyParameters({ requestBody }: Node): Parameter[] {
  const content = (requestBody as Node | undefined)?.content as Record<string, { schema: Node }>;
  const schema = content?.["application/json"]?.schema;
  const required = (schema?.required ?? []) as string[];
  return Object.entries((schema?.properties ?? {}) as Record<string, Node>).map(
    ([name, inner]) => ({ name, required: required.includes(name), schema: inner }),
  );
}

function takesFile({ requestBody }: Node): boolean {
  const { content } = (requestBody ?? {}) as { content?: Record<string, unknown> };
  return content !== undefined && Object.keys(content).join() === "multipart/form-data";
}

function accessOf(security: unknown): DeclaredOperation["access"] {
  if (!Array.isArray(security)) return "open";
  return security.some((way) => Object.keys(way).length === 0) ? "guest" : "user";
}

/** The document with every object closed. */
function closed(value: unknown, name: string): unknown {
  if (Array.isArray(value)) return value.map((inner) => closed(inner, ""));
  if (typeof value !== "object" || value === null) return value;
  const copy: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) copy[key] = closed(inner, key);
  if (copy.type === "object" && copy.properties !== undefined && name !== "ErrorData")
    copy.additionalProperties ??= false;
  return copy;
}

function pointerPart(part: string): string {
  return part.replaceAll("~", "~0").replaceAll("/", "~1");
}
