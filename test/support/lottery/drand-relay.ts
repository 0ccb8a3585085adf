import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type CleanupScope, cleanUp } from "../cleanup.ts";

export interface Relay {
  url: string;
  /** Paths that were asked for, in order. */
  asked: string[];
}

/** What a relay says about a round: an object to send as JSON, or null for 404. */
export type Answers = (
  round: number,
  response: ServerResponse,
) => object | string | null | undefined;

/**
 * A drand relay on this machine. It answers any chain's rounds as `answers` says; undefined means
 * that `answers` has written, or will write, the response itself.
 */
export async function startRelay(t: CleanupScope, answers: Answers): Promise<Relay> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    asked.push(path);
    const answer = answers(Number(path.split("/").at(-1)), response);
    if (answer === undefined) return;
    if (answer === null) response.statusCode = 404;
    response.end(typeof answer === "string" ? answer : JSON.stringify(answer ?? {}));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanUp(t, async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}
