import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect, type NatsConnection, StorageType } from "nats";
import { requireProgram } from "../bootstrap/programs.mjs";
import { ServerProcess } from "./server-process.ts";

export const NATS_USER = "molimoli";
const CONNECT_MS = 2_000;

export interface NatsNode {
  name: string;
  /** Unique in its cluster. */
  serverName: string;
  folder: string;
  port: number;
  password: string;
  /** Added to its configuration. */
  settings?: Readonly<Record<string, unknown>>;
  /** A node of a cluster counts as started before the cluster can store anything. */
  awaitJetStream: boolean;
}

/** One NATS server with JetStream. */
export function natsNode(node: NatsNode): ServerProcess {
  const { name, serverName, folder, port, password, settings, awaitJetStream } = node;
  const command = requireProgram("nats-server");
  const file = join(folder, "nats.conf");
  const config = {
    server_name: serverName,
    host: "127.0.0.1",
    port,
    authorization: { user: NATS_USER, password },
    jetstream: { store_dir: folder },
    ...settings,
  };
  // JSON is a form of its configuration that needs no thought about quotes.
  writeFileSync(file, JSON.stringify(config, null, 2), { mode: 0o600 });
  const url = `nats://${NATS_USER}:${password}@127.0.0.1:${port}`;
  const probe = () => askNats([url], awaitJetStream ? jetStreamAnswers : (nats) => nats.flush());
  return new ServerProcess({ name, command, args: ["--config", file], folder, url, probe });
}

/** One conversation on a connection of its own; throws at once when there is no answer. */
export async function askNats(
  urls: readonly string[],
  ask: (nats: NatsConnection) => Promise<void>,
): Promise<void> {
  const { username, password } = new URL(urls[0] as string);
  const nats = await connect({
    servers: urls.map((url) => new URL(url).host),
    user: username,
    pass: password,
    reconnect: false,
    timeout: CONNECT_MS,
  });
  try {
    await ask(nats);
  } finally {
    await nats.close();
  }
}

/** Throws until JetStream takes orders; in a cluster it has a leader then. */
export async function jetStreamAnswers(nats: NatsConnection): Promise<void> {
  const manager = await nats.jetstreamManager({ timeout: CONNECT_MS });
  await manager.getAccountInfo();
}

/** A stream that is made only to see whether it can be. */
const TRIAL = "stack-trial";

/** Throws until a stream can be kept by so many nodes. */
export async function keepsReplicas(nats: NatsConnection, count: number): Promise<void> {
  const { streams } = await nats.jetstreamManager({ timeout: CONNECT_MS });
  await streams.add({
    name: TRIAL,
    subjects: [TRIAL],
    num_replicas: count,
    storage: StorageType.Memory,
  });
  await streams.delete(TRIAL);
}
