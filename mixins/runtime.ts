import type { ServiceBroker } from "moleculer";
import type { Sequelize } from "sequelize";
import { lockDataDir } from "../lib/data-dir-lock.ts";
import { expectDatabase, openDatabase, openReplicas } from "../lib/database/connect.ts";
import { describeFailure } from "../lib/database/failure.ts";
import { migrate } from "../lib/database/migrate.ts";
import { Replicas } from "../lib/database/replicas.ts";
import type { Env } from "../lib/env.ts";
import { createIdGenerator, type IdGenerator } from "../lib/ids.ts";
import { createObjectStore } from "../lib/object-store/create-object-store.ts";
import type { ObjectStore } from "../lib/object-store/object-store.ts";
import { signingKey } from "../lib/secret.ts";
import { joinNodes, type Shared } from "./shared.ts";

/**
 * What all services of one node share. It hangs on the broker from outside, since broker options,
 * metadata and settings can be read by other nodes and the REPL.
 */
export interface Runtime {
  readonly env: Env;
  readonly database: Sequelize;
  /** Where to read what may be a little old. */
  readonly replicas: Replicas;
  readonly ids: IdGenerator;
  readonly signingKey: Uint8Array;
  /** Videos, covers, images, replays. */
  readonly objects: ObjectStore;
  /** What this node has in common with others; null when everything runs in one process. */
  readonly shared: Shared | null;
  /** Claims the data folder and brings the schema up to date; before any service starts. */
  open(): Promise<void>;
  /** Adds what has to end before any service stops: requests that were accepted need them all. */
  beforeStop(drain: () => Promise<void>): void;
  /** Before any service stops. */
  drain(): Promise<void>;
  /** After every service has stopped. */
  close(): Promise<void>;
}

const runtimes = new WeakMap<ServiceBroker, Runtime>();

export function bindRuntime(broker: ServiceBroker, env: Env): Runtime {
  const database = openDatabase(env);
  const sole = createIdGenerator({ worker: 0 });
  let shared: Shared | null = null;
  let unlock: (() => void) | null = null;
  const drains: (() => Promise<void>)[] = [];
  const runtime: Runtime = {
    env,
    database,
    replicas: new Replicas({
      primary: database,
      replicas: openReplicas(env),
      now: Date.now,
      away: (error) =>
        broker.logger.warn("a replica is out of reach", { reason: describeFailure(error) }),
    }),
    signingKey: signingKey(env),
    objects: createObjectStore(env),
    get ids() {
      return shared?.ids ?? sole;
    },
    get shared() {
      return shared;
    },
    async open() {
      // Nodes of a cluster keep nothing there that a second one could spoil.
      if (env.natsUrl === null) unlock = lockDataDir(env.dataDir);
      await expectDatabase(database, env);
      await migrate(database);
      await runtime.objects.open();
      if (env.redisUrl !== null) shared = await joinNodes(broker, env.redisUrl);
    },
    beforeStop(drain) {
      drains.push(drain);
    },
    async drain() {
      await Promise.all(drains.map((drain) => drain()));
    },
    async close() {
      await runtime.objects.close();
      await shared?.leave();
      await runtime.replicas.close();
      await database.close();
      unlock?.();
    },
  };
  runtimes.set(broker, runtime);
  return runtime;
}

export function runtimeOf(broker: ServiceBroker): Runtime {
  const runtime = runtimes.get(broker);
  if (runtime === undefined) throw new Error("This broker was made without moleculer.config.ts");
  return runtime;
}
