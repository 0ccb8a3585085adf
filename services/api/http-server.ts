import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from "node:http";
import { Server as NetServer, type Socket } from "node:net";
import { errors } from "../../contracts/errors.ts";
import { hasBody, MAX_BODY } from "./body.ts";
import { expectBody } from "./patience.ts";
import { sendJson } from "./reply.ts";

/** A whole request has to arrive within this, also a large upload; most have less, see patience.ts. */
const REQUEST_MS = 3_600_000;
const HEADERS_MS = 20_000;
/** Longer than the idle time of common load balancers, so that it is they who close. */
const KEEP_ALIVE_MS = 65_000;
/** How often overdue requests are looked for. */
const OVERDUE_CHECK_MS = 5_000;
/** After an answer to a broken request the client has this long to read it. */
const LAST_WORD_MS = 2_000;

/** The server could not listen; the message is a sentence for people. */
export class ListenError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ListenError";
  }
}

/** node's HTTP server with finite patience, whose own refusals speak the live dialect too. */
export function createHttpServer(
  handle: RequestListener,
  mayBeLarge: (req: IncomingMessage) => boolean = () => false,
): Server {
  const server = createServer({
    requestTimeout: REQUEST_MS,
    headersTimeout: HEADERS_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: OVERDUE_CHECK_MS,
    noDelay: true,
    // Node's own refusal has no body.
    requireHostHeader: false,
  });
  const answer: RequestListener = (req, res) => {
    const isModern = req.httpVersionMajor === 1 && req.httpVersionMinor > 0;
    if (isModern && req.headers.host === undefined) {
      turnAway(res, 400, "has no Host header");
      return;
    }
    if (hasBody(req.headers)) expectBody(req, () => refuse(overdue(), req.socket));
    handle(req, res);
  };
  server.on("request", answer);
  server.on("checkContinue", (req, res) => {
    // A body that will be refused need not be sent at all; without it the connection is of no use.
    if (Number(req.headers["content-length"] ?? 0) <= MAX_BODY || mayBeLarge(req))
      res.writeContinue();
    else res.setHeader("Connection", "close");
    answer(req, res);
  });
  server.on("checkExpectation", (_, res) => turnAway(res, 417, "expects what there is not"));
  server.on("clientError", refuse);
  return server;
}

function overdue(): NodeJS.ErrnoException {
  return Object.assign(new Error("the request took too long"), {
    code: "ERR_HTTP_REQUEST_TIMEOUT",
  });
}

/** Answers what node could not parse as a request, or what did not arrive in time. */
function refuse(error: NodeJS.ErrnoException, socket: Socket): void {
  const pending = (socket as Socket & { _httpMessage?: ServerResponse | null })._httpMessage;
  if (!socket.writable || error.code === "ECONNRESET" || pending?.headersSent) {
    socket.destroy();
    return;
  }
  const { status, reason, problem } = refusal(error.code);
  const body = badRequest(problem);
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\nContent-Type: application/json; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
  setTimeout(() => socket.destroy(), LAST_WORD_MS).unref();
}

/** Refuses a whole request that is HTTP, but not as it has to be. */
function turnAway(res: ServerResponse, status: number, problem: string): void {
  sendJson(res, status, badRequest(problem), { Connection: "close" });
}

function badRequest(problem: string): string {
  const { live, message } = errors.BAD_REQUEST;
  return JSON.stringify({
    base_resp: { status_code: live, status_msg: message },
    data: { fields: [{ field: "request", problem }] },
  });
}

function refusal(code: string | undefined): { status: number; reason: string; problem: string } {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return {
        status: 431,
        reason: "Request Header Fields Too Large",
        problem: "has headers or an address that are too long",
      };
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return { status: 408, reason: "Request Timeout", problem: "did not arrive in time" };
    default:
      return { status: 400, reason: "Bad Request", problem: "is not HTTP" };
  }
}

/**
 * Starts listening.
 *
 * @throws ListenError
 */
export function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) =>
      reject(new ListenError(why(error, port, host)));
    server.once("error", failed);
    server.listen({ port, host, backlog: 4096 }, () => {
      server.off("error", failed);
      resolve();
    });
  });
}

function why({ code, message }: NodeJS.ErrnoException, port: number, host: string): string {
  switch (code) {
    case "EADDRINUSE":
      return `Port ${port} is in use; set PORT to another one.`;
    case "EACCES":
      return `Port ${port} may not be used by this user; set PORT to another one.`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return `This machine has no address ${host}; set HOST to one that it has.`;
    default:
      return `The gateway cannot listen on ${host}:${port} (${message}).`;
  }
}

/** Takes no more connections; those that are open stay. */
export function stopListening(server: Server): void {
  // Not the HTTP server's own close: that one cuts connections that wait for their next request, which
  // may be on its way already.
  NetServer.prototype.close.call(server);
}
