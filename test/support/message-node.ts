import type { TestContext } from "node:test";
import type { Context, ServiceBroker, ServiceSchema } from "moleculer";
import type { Sequelize } from "sequelize";
import { call } from "../../contracts/call.ts";
import { fail } from "../../contracts/errors.ts";
import type { MessageRecord } from "../../contracts/message-record.ts";
import type { Env } from "../../lib/env.ts";
import { ID_EPOCH_MS } from "../../lib/ids.ts";
import { runtimeOf } from "../../mixins/runtime.ts";
import messageService from "../../services/message/message.service.ts";
import { LIVE_ID } from "./danmaku.ts";
import { startNode } from "./node.ts";

/** When the show began, in Unix seconds. */
export const START = Math.floor(ID_EPOCH_MS / 1000) + 1_000_000;

/** The first id of a millisecond, counted from the start of the show. */
export const idAt = (ms: number): number => (START * 1000 + ms - ID_EPOCH_MS) * 4096;

export interface MessageNode {
  broker: ServiceBroker;
  database: Sequelize;
  env: Env;
  /** What the message service asked the live service for. */
  asked: string[];
  /** Takes the table away. */
  lose(): Promise<unknown>;
}

/** A node with the message service, one room that the live service knows, and these messages. */
export async function startMessageNode(
  t: TestContext,
  kept: MessageRecord[] = [],
  variables: Record<string, string> = {},
): Promise<MessageNode> {
  const asked: string[] = [];
  const broker = await startNode(t, {
    services: [liveService(asked), messageService],
    env: variables,
  });
  if (kept.length > 0) await call(broker, "message.append", { messages: kept });
  const { database, env } = runtimeOf(broker);
  const lose = () => database.query("ALTER TABLE messages RENAME TO lost");
  return { broker, database, env, asked, lose };
}

/** As much of the live service as the message service asks for. */
function liveService(asked: string[]): ServiceSchema {
  const answer = (action: string, result: object) => ({
    handler(ctx: Context<{ live_id: number }>) {
      asked.push(action);
      return ctx.params.live_id === LIVE_ID ? result : fail("ROOM_NOT_FOUND");
    },
  });
  const card = { live_id: LIVE_ID, owner: 1, start_time: START, is_live: true, muted: [] };
  const room = { live_id: LIVE_ID, room_name: "A show", start_time: START };
  return {
    name: "live",
    actions: { card: answer("card", card), single: answer("single", { room }) },
  };
}
