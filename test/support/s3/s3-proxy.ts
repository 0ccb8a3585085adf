import { createServer, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import { type CleanupScope, cleanUp } from "../cleanup.ts";
import { s3Url } from "./s3-server.ts";

/** A status that is answered instead, or `cut`: the connection ends in the middle of the request. */
export type Fault = "403" | "500" | "cut";

export interface S3Proxy {
  url: string;
  /** Method and path with query of every request that came. */
  requests: string[];
  /** What is done to each request that comes; null passes it on. */
  fault: (request: string) => Fault | null;
}

/** Stands between a store and an S3 server, and does what a test wants to some of the requests. */
export async function startS3Proxy(t: CleanupScope, port: number): Promise<S3Proxy> {
  const proxy: S3Proxy = { url: "", requests: [], fault: () => null };
  const server = createServer((req, res) => {
    const said = `${req.method} ${req.url}`;
    proxy.requests.push(said);
    const fault = proxy.fault(said);
    if (fault === "cut") return cutInTheMiddle(req);
    if (fault !== null) {
      req.resume();
      req.once("end", () => res.writeHead(Number(fault)).end());
      return;
    }
    const { method, url: path, headers } = req;
    const onward = request({ host: "127.0.0.1", port, method, path, headers }, (answer) => {
      res.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(res);
    });
    onward.once("error", () => res.destroy());
    res.once("close", () => onward.destroy());
    req.pipe(onward);
  });
  server.listen(0, "127.0.0.1");
  cleanUp(t, () => {
    server.close();
    server.closeAllConnections();
  });
  await new Promise((resolve) => server.once("listening", resolve));
  proxy.url = s3Url((server.address() as AddressInfo).port);
  return proxy;
}

function cutInTheMiddle(req: IncomingMessage): void {
  req.once("data", () => req.socket.destroy());
}
