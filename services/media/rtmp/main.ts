// The process that takes RTMP. It reads what strangers send with a parser that was not made for
// strangers; so it holds no secrets, decides nothing, and may die at any time.

import { randomUUID } from "node:crypto";
import { createServer } from "node:net";
import type { IngestNews, IngestOrder } from "../ingest-messages.ts";
import { Publisher } from "./publisher.ts";

/** Connections at a time, on which nobody needs to publish yet. */
const MOST_CONNECTIONS = 1_000;

const publishers = new Map<string, Publisher>();

const server = createServer((socket) => {
  const session = randomUUID();
  const publisher = new Publisher(socket, {
    wish(name) {
      publishers.set(session, publisher);
      tell({ kind: "wish", session, name });
    },
    video: () => tell({ kind: "video", session }),
    left() {
      publishers.delete(session);
      tell({ kind: "left", session });
    },
  });
});
server.maxConnections = MOST_CONNECTIONS;
server.on("error", ({ code = "", message }: NodeJS.ErrnoException) =>
  tell({ kind: "deaf", code, message }),
);

process.on("message", (order: IngestOrder) => {
  switch (order.kind) {
    case "listen":
      server.listen({ port: order.port, host: order.host }, () => tell({ kind: "listening" }));
      return;
    case "answer":
      publishers.get(order.session)?.answer(order.accepted);
      return;
    case "cut":
      publishers.get(order.session)?.cut();
      return;
  }
});

function tell(news: IngestNews): void {
  // Where that fails the parent is gone, which ends this process anyway.
  if (process.connected) process.send?.(news, undefined, undefined, () => {});
}

// It ends with the server, however that ended, and not before it: a signal to both is for the server.
process.on("disconnect", () => process.exit(0));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});

process.on("uncaughtException", ({ name, stack = "" }) => {
  const places = stack.split("\n").filter((line) => /^ +at /.test(line));
  const last = () => process.exit(1);
  const news: IngestNews = { kind: "fault", error: [name, ...places.slice(0, 5)].join("\n") };
  if (process.connected) process.send?.(news, undefined, undefined, last);
  else last();
});
