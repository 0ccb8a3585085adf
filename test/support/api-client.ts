import assert from "node:assert/strict";
import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import { douyinStatus, type ErrorData, type ErrorName, errors } from "../../contracts/errors.ts";
import { ApiDescription, isDouyin, type Node } from "./api-description.ts";
import { type CleanupScope, cleanUp } from "./cleanup.ts";

/** Parameters by name; in a query or form they are written as text, objects as JSON. */
export type Fields = Record<string, unknown>;

export interface ApiRequest {
  /** Fields, or the query as it stands in the URL. */
  query?: Fields | string;
  form?: Fields | string;
  json?: unknown;
  /** Fields of a multipart form. */
  multipart?: Fields;
  /** A body that is neither. */
  body?: Buffer | string;
  type?: string;
  headers?: Record<string, string | string[]>;
  /** Access token, sent in the Authorization header. */
  token?: string;
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** The body if it is JSON. */
  json: Node | null;
  /** `status_code` of the envelope; null where there is none (pages, files). */
  code: number | null;
}

/** Where parameters may be; every endpoint takes them in each of these. */
export const placements = ["query", "form", "json"] as const;
export type Placement = (typeof placements)[number];

/**
 * Talks to a server and judges everything it answers: the envelope, and the body by the server's own
 * description. Keeps which operations were exercised with which outcome.
 */
export class ApiClient {
  readonly url: string;
  readonly description: ApiDescription;
  /** `GET /user/me 10002`: operation and status code of the envelope; 0 where there is no envelope. */
  readonly exercised = new Set<string>();
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 16 });

  constructor(url: string, description: ApiDescription) {
    this.url = url;
    this.description = description;
  }

  /** Sends a request to an operation (`POST /register`) and holds the answer against its declaration. */
  async call(operation: string, sent: ApiRequest = {}): Promise<Answer> {
    const answer = await this.send(operation, sent);
    this.judge(operation, answer);
    return answer;
  }

  /** The fields of a successful answer, without the envelope. */
  async ok<T = Node>(operation: string, sent: ApiRequest = {}): Promise<T> {
    const answer = await this.call(operation, sent);
    assert.equal(answer.status, 200, `${operation}: ${answer.text}`);
    const { base_resp: _, status_code, status_msg, ...fields } = answer.json ?? {};
    assert.equal(answer.code ?? 0, 0, `${operation}: ${answer.text}`);
    return fields as T;
  }

  /** Expects a refusal by its name in the registry; answers its details. */
  async refused(
    operation: string,
    name: ErrorName,
    sent: ApiRequest = {},
  ): Promise<Answer & { data: ErrorData | null }> {
    const answer = await this.call(operation, sent);
    assertRefusal(answer, name, operation);
    return { ...answer, data: (answer.json?.data ?? null) as ErrorData | null };
  }

  /** Notes an answer, also one that came another way, and holds it against its declaration. */
  judge(operation: string, { status, headers, text, json, code }: Answer): void {
    if (status !== 204 && status !== 304)
      this.description.checkAnswer(operation, status, headers["content-type"] ?? "", json ?? text);
    if (code !== null && code !== 0) checkEnvelope(status, code, json);
    if (this.description.find(operation)) this.exercised.add(`${operation} ${code ?? 0}`);
  }

  /** Sends a request and reads the whole answer, without judging it. */
  async send(operation: string, sent: ApiRequest = {}): Promise<Answer> {
    return read(await this.open(operation, sent));
  }

  /** Sends a request and answers once the head of the response is there. */
  open(operation: string, sent: ApiRequest = {}): Promise<IncomingMessage> {
    const space = operation.indexOf(" ");
    const method = operation.slice(0, space);
    const path = operation.slice(space + 1);
    const query = typeof sent.query === "string" ? sent.query : encodePairs(sent.query ?? {});
    const { body, type } = bodyOf(sent);
    const headers: Record<string, string | string[]> = { ...sent.headers };
    if (sent.token !== undefined) headers.authorization = `Bearer ${sent.token}`;
    if (body !== null) headers["content-length"] = String(Buffer.byteLength(body));
    if (type !== null) headers["content-type"] ??= type;
    return new Promise((resolve, reject) => {
      const outgoing = request(
        this.url + path + (query === "" ? "" : `?${query}`),
        { method, agent: this.#agent, headers },
        resolve,
      );
      outgoing.on("error", reject);
      outgoing.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** A client of the server at `url`, which describes itself first. */
export async function openApi(t: CleanupScope, url: string): Promise<ApiClient> {
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as Node;
  const client = new ApiClient(url, new ApiDescription(document));
  cleanUp(t, () => client.close());
  return client;
}

/** Reads a response to its end. */
export async function read(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return toAnswer(response, Buffer.concat(chunks).toString());
}

export function toAnswer(response: IncomingMessage, text: string): Answer {
  const { statusCode: status = 0, headers } = response;
  const isJson = headers["content-type"]?.startsWith("application/json") && text !== "";
  const json = isJson ? (JSON.parse(text) as Node) : null;
  const envelope = (json?.base_resp ?? json) as { status_code?: unknown } | null;
  const code = typeof envelope?.status_code === "number" ? envelope.status_code : null;
  return { status, headers, text, json, code };
}

export function assertRefusal({ status, code, text }: Answer, name: ErrorName, what: string): void {
  const expected = expectedOf(name, what);
  assert.deepEqual({ status, code }, expected, `${what} should be ${name}: ${text}`);
}

/** The HTTP status and the code of an error, in the dialect that an operation speaks. */
function expectedOf(name: ErrorName, operation: string): { status: number; code: number } {
  const { status, live, douyin } = errors[name];
  return isDouyin(operation)
    ? { status: douyinStatus(name), code: douyin }
    : { status, code: live };
}

const byCode = new Map<number, { status: number; message: string }>(
  Object.values(errors).map(({ live, status, message }) => [live, { status, message }]),
);

/** An error's status, code and message belong together. */
function checkEnvelope(status: number, code: number, json: Node | null): void {
  if (json?.base_resp === undefined) {
    checkDouyinEnvelope(status, code, json);
    return;
  }
  const spec = byCode.get(code);
  assert.deepEqual(
    { status, base_resp: json?.base_resp },
    { status: spec?.status, base_resp: { status_code: code, status_msg: spec?.message } },
  );
}

/** The same in the short-video dialect, where several errors share a code and the message says more. */
function checkDouyinEnvelope(status: number, code: number, json: Node | null): void {
  const names = (Object.keys(errors) as ErrorName[]).filter((name) => errors[name].douyin === code);
  const said = String(json?.status_msg);
  assert.deepEqual(Object.keys(json ?? {}), ["status_code", "status_msg"]);
  assert.ok(
    names.some((name) => douyinStatus(name) === status && said.startsWith(errors[name].message)),
    `${status} ${JSON.stringify(json)}`,
  );
}

function bodyOf(sent: ApiRequest): { body: Buffer | string | null; type: string | null } {
  const { form, json, multipart, body = null, type = null } = sent;
  if (multipart !== undefined) return multipartOf(multipart);
  if (json !== undefined)
    return { body: JSON.stringify(json), type: type ?? "application/json; charset=utf-8" };
  if (form !== undefined)
    return {
      body: typeof form === "string" ? form : encodePairs(form),
      type: type ?? "application/x-www-form-urlencoded",
    };
  return { body, type };
}

const BOUNDARY = "----molimoli-test";

export function multipartOf(fields: Fields): { body: string; type: string } {
  const parts = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(
      ([name, value]) =>
        `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
    );
  return {
    body: `${parts.join("")}--${BOUNDARY}--\r\n`,
    type: `multipart/form-data; boundary=${BOUNDARY}`,
  };
}

/** Fields as a query or form has them; absent ones are left out. */
export function encodePairs(fields: Fields): string {
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    pairs.append(name, typeof value === "object" ? JSON.stringify(value) : String(value));
  }
  return pairs.toString();
}
