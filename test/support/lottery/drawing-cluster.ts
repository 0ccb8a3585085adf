import assert from "node:assert/strict";
import { openDatabase } from "../../../lib/database/connect.ts";
import { readEnv } from "../../../lib/env.ts";
import { type CleanupScope, cleanUp } from "../cleanup.ts";
import { REST, startCluster } from "../cluster.ts";
import type { Account, Address, Show } from "../show.ts";
import { tempDir } from "../temp-dir.ts";
import { person } from "./lotteries.ts";
import { StepLog } from "./step-log.ts";

/** The nodes that draw. */
export const DRAWERS = ["draw-1", "draw-2"] as const;
export type Drawer = (typeof DRAWERS)[number];

/** A cluster in which two nodes run nothing but lotteries, and tell of every step. */
export interface DrawingCluster {
  front: Address;
  steps: StepLog;
  node(name: Drawer): ReturnType<Awaited<ReturnType<typeof startCluster>>["node"]>;
  /** Somebody without an account, who may join. */
  person(userId: number): Promise<Account>;
  /** Puts the end of a room's open lotteries into the next second; answers it, in Unix ms. */
  bringDue(show: Show, lotteries: number): Promise<number>;
}

export async function startDrawingCluster(t: CleanupScope): Promise<DrawingCluster> {
  const steps = new StepLog(await tempDir(t));
  const cluster = await startCluster(t, {
    servers: { mariadb: true, nats: true, redis: true },
    nodes: {
      edge: ["api"],
      rest: ["push", ...REST.filter((name) => name !== "lottery")],
      "draw-1": ["lottery"],
      "draw-2": ["lottery"],
    },
    env: steps.env,
  });
  const { env } = cluster.servers;
  const database = openDatabase(readEnv({ ...env, DATA_DIR: await tempDir(t) }));
  cleanUp(t, () => database.close());
  return {
    front: cluster.front,
    steps,
    node: (name) => cluster.node(name),
    person: (userId) => person(env.JWT_SECRET ?? "", userId),
    async bringDue({ liveId }, lotteries) {
      const second = Math.floor(Date.now() / 1000) + 1;
      const [changed] = await database.query(
        `UPDATE lotteries SET end_time = ?, close_ms = ?, due_ms = ?
         WHERE live_id = ? AND status = 'open' AND token = 0`,
        { replacements: [second, second * 1000, second * 1000, liveId] },
      );
      assert.equal((changed as unknown as { affectedRows: number }).affectedRows, lotteries);
      return second * 1000;
    },
  };
}
