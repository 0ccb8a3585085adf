import { type Config, defaultConfig } from "../../contracts/config.ts";
import type { ErrorData } from "../../contracts/errors.ts";
import type { PushBatch } from "../../contracts/events.ts";
import type { MessageRecord } from "../../contracts/message-record.ts";
import type { RoomCard } from "../../contracts/room-actions.ts";
import type { WordFilter } from "../../lib/word-filter.ts";
import { createRoom, type RoomState, reduce } from "../../services/push/room.ts";
import type { Command, Effect } from "../../services/push/room-command.ts";
import { LIVE_ID } from "./danmaku.ts";
import { seededRandom } from "./seeded-random.ts";

export const START_MS = 1_700_000_000_000;
export const OWNER = 900;
export const EPOCH = 77;

/** Refuses texts with "forbidden" and masks "damn". */
export const words: WordFilter = {
  check: (text) => ({
    refused: text.includes("forbidden"),
    text: text.replaceAll("damn", "****"),
  }),
};

/** The default configuration with other limits. */
export function withLimits(
  limiter: Partial<Config["limiter"]>,
  hub: Partial<Config["hub"]> = {},
): Config {
  return {
    ...defaultConfig,
    limiter: { ...defaultConfig.limiter, ...limiter },
    hub: { ...defaultConfig.hub, ...hub },
  };
}

type Said = Partial<Omit<Extract<Command, { kind: "send" }>, "kind">> & { user_id?: number };

/** A batch, and when it went out. */
export type Emitted = { at_ms: number; batch: PushBatch; nodes: string[] };

/**
 * A room with its clock: carries out what the reducer says as the actor would, but at once and
 * without timers. Ids count up by one.
 */
export class RoomAtWork {
  readonly state: RoomState;
  now = START_MS;
  dueMs: number | null = null;
  readonly emitted: Emitted[] = [];
  /** Viewers told to the cluster, and when. */
  readonly audiences: { at_ms: number; viewers: number }[] = [];
  private id: number;
  private readonly random = seededRandom(1);

  constructor(
    config: Config = defaultConfig,
    recent: Parameters<typeof createRoom>[1] = { messages: [], prev: 0 },
    card: Partial<RoomCard> = {},
  ) {
    this.state = createRoom(
      {
        live_id: LIVE_ID,
        owner: OWNER,
        start_time: START_MS / 1000 - 60,
        is_live: true,
        muted: [],
        ...card,
      },
      recent,
      config,
      EPOCH,
      START_MS,
    );
    this.id = this.state.lastId;
  }

  /** Gives the reducer a command and does what it says, except for `append` and `refuse`. */
  apply(command: Command): Effect[] {
    const effects = reduce(this.state, command, words);
    for (const effect of effects) {
      if (effect.kind === "schedule") this.dueMs = effect.at_ms;
      else if (effect.kind === "emit")
        this.emitted.push({
          at_ms: this.now,
          batch: effect.batch,
          nodes: this.state.audience.nodes,
        });
      else if (effect.kind === "audience")
        this.audiences.push({ at_ms: this.now, viewers: effect.viewers });
    }
    return effects;
  }

  send({ user_id = 7, ...different }: Said = {}): Effect[] {
    return this.apply({
      kind: "send",
      now_ms: this.now,
      id: ++this.id,
      sender: { user_id, user_name: `user ${user_id}` },
      type: 0,
      content: `danmaku ${this.id}`,
      style: null,
      data: null,
      ...different,
    });
  }

  announce(type: 3 | 4, content: string, lottery_id: number): Effect[] {
    const command = { kind: "announce", now_ms: this.now, id: ++this.id, type } as const;
    return this.apply({ ...command, content, lottery_id });
  }

  commit(record: MessageRecord): Effect[] {
    return this.apply({ kind: "committed", now_ms: this.now, record, random: this.random });
  }

  /** Says something that must be accepted, and makes it durable at once. */
  say(said: Said = {}): MessageRecord {
    const record = recordOf(this.send(said));
    this.commit(record);
    return record;
  }

  flush(): Effect[] {
    this.dueMs = null;
    return this.apply({ kind: "flush", now_ms: this.now, random: this.random });
  }

  watch(node_id: string, viewers: number): Effect[] {
    return this.apply({ kind: "watch", now_ms: this.now, node_id, viewers });
  }

  sweep(): Effect[] {
    return this.apply({ kind: "sweep", now_ms: this.now });
  }

  mute(user_id: number, until_ms: number): Effect[] {
    return this.apply({ kind: "mute", user_id, until_ms });
  }

  configure(config: Config): Effect[] {
    return this.apply({ kind: "configure", now_ms: this.now, config });
  }

  end(): Effect[] {
    return this.apply({ kind: "end", now_ms: this.now, random: this.random });
  }

  /** Lets time pass, and flushes whenever one is due. */
  wait(ms: number): void {
    const until = this.now + ms;
    while (this.dueMs !== null && this.dueMs <= until) {
      this.now = Math.max(this.now, this.dueMs);
      this.flush();
    }
    this.now = until;
  }
}

/** What was to be made durable; fails when the message was refused. */
export function recordOf(effects: Effect[]): MessageRecord {
  const [effect] = effects;
  if (effects.length !== 1 || effect?.kind !== "append")
    throw new Error(`not accepted: ${JSON.stringify(effects)}`);
  return effect.record;
}

/** Why a message was refused, and what is said about it. */
export function refusalOf(effects: Effect[]): [string, ErrorData | null] {
  const [effect] = effects;
  if (effects.length !== 1 || effect?.kind !== "refuse")
    throw new Error(`not refused: ${JSON.stringify(effects)}`);
  return [effect.error, effect.data];
}
