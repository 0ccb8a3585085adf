import type { Context, Service, ServiceSchema, ServiceSettingSchema } from "moleculer";
import type { ModelStatic } from "sequelize";
import type { Params, Result } from "../../contracts/actions.ts";
import { call } from "../../contracts/call.ts";
import { fail } from "../../contracts/errors.ts";
import { toLiveMessage } from "../../contracts/message-record.ts";
import { params } from "../../contracts/params.ts";
import { describeFailure } from "../../lib/database/failure.ts";
import { createLru, type Lru } from "../../lib/lru.ts";
import { entity, readOld } from "../../mixins/entity.mixin.ts";
import { failures } from "../../mixins/failures.mixin.ts";
import { runtimeOf } from "../../mixins/runtime.ts";
import { bucketWidth, fillBuckets } from "./density.ts";
import { exportHistory, type ReadPage } from "./export.ts";
import { formats } from "./formats/index.ts";
import { historyIntake, type WritingHistory } from "./intake.mixin.ts";
import { type MessageModel, messageEntity } from "./message.model.ts";
import {
  countPerBucket,
  findAnnounced,
  findBetween,
  findDanmaku,
  findLastId,
  findLastTime,
  findMessage,
  findPage,
  findTail,
} from "./message.repo.ts";
import { newestFitting } from "./one-answer.ts";
import { openMessageWriter } from "./open-message-writer.repo.ts";

interface Members extends WritingHistory {
  adapter: { model: ModelStatic<MessageModel> };
  /** Rooms that are known to exist, which they then do for ever. */
  rooms: Lru<number, true>;
  /** Reads history where it may be a little behind. */
  readOld<T>(read: (messages: ModelStatic<MessageModel>) => Promise<T>): Promise<T>;
  requireRoom(ctx: Context, live_id: number): Promise<void>;
  pages(live_id: number, upTo: number): ReadPage;
}
type MessageService = Service & Members;

/** What the headers of the gateway's answer are made of. */
interface FileMeta {
  $responseType?: string;
  $responseHeaders?: Record<string, string>;
}

const MAX_HISTORY = 100;
const EXPORT_PAGE = 1_000;
const SEARCH_PAGE = 1_000;
const KNOWN_ROOMS = 10_000;
/** How long history may take to catch up with what was accepted, in ms. */
const CATCH_UP_MS = 4_000;

/** The history of all rooms: kept before anyone is told that a message was accepted. */
const schema: ServiceSchema<ServiceSettingSchema, object, object, MessageService> = {
  name: "message",
  mixins: [
    entity(messageEntity),
    historyIntake,
    failures({
      "message.append": "SEND_FAILED",
      "message.tail": "HISTORY_FAILED",
      "message.single": "MESSAGE_READ_FAILED",
      "message.multi": "HISTORY_FAILED",
      "message.density": "HISTORY_FAILED",
      "message.export": "HISTORY_FAILED",
    }),
  ],

  actions: {
    append: {
      visibility: "public",
      params: params["message.append"],
      async handler(ctx: Context<Params<"message.append">>): Promise<Result<"message.append">> {
        await this.writer.append(ctx.params.messages);
        return {};
      },
    },

    tail: {
      visibility: "public",
      params: params["message.tail"],
      async handler(ctx: Context<Params<"message.tail">>): Promise<Result<"message.tail">> {
        await this.catchUp(CATCH_UP_MS);
        const { live_id, limit } = ctx.params;
        return newestFitting(await findTail(this.adapter.model, live_id, limit));
      },
    },

    catchUp: {
      visibility: "public",
      params: params["message.catchUp"],
      async handler(ctx: Context<Params<"message.catchUp">>): Promise<Result<"message.catchUp">> {
        await this.catchUp(ctx.params.within_ms ?? CATCH_UP_MS);
        return {};
      },
    },

    lag: {
      visibility: "public",
      params: params["message.lag"],
      handler(): Promise<Result<"message.lag">> {
        return this.lag();
      },
    },

    said: {
      visibility: "public",
      params: params["message.said"],
      async handler(ctx: Context<Params<"message.said">>): Promise<Result<"message.said">> {
        const { live_id, content, after, up_to: upTo, before } = ctx.params;
        const range = { live_id, after, upTo };
        const { danmaku, next } = await findDanmaku(this.adapter.model, range, SEARCH_PAGE);
        const senders = danmaku
          .filter(({ send_time }) => send_time < before)
          .filter((message) => message.content.trim() === content)
          .map(({ user_id, user_name }) => ({ user_id, user_name }));
        return { senders, next };
      },
    },

    announced: {
      visibility: "public",
      params: params["message.announced"],
      async handler(
        ctx: Context<Params<"message.announced">>,
      ): Promise<Result<"message.announced">> {
        return { id: await findAnnounced(this.adapter.model, ctx.params) };
      },
    },

    single: {
      visibility: "published",
      params: params["message.single"],
      async handler(ctx: Context<Params<"message.single">>): Promise<Result<"message.single">> {
        const record = await findMessage(this.adapter.model, ctx.params.id);
        return { message: toLiveMessage(record ?? fail("MESSAGE_NOT_FOUND")) };
      },
    },

    multi: {
      visibility: "published",
      params: params["message.multi"],
      async handler(ctx: Context<Params<"message.multi">>): Promise<Result<"message.multi">> {
        const { live_id, start_time: from, offset } = ctx.params;
        await this.requireRoom(ctx, live_id);
        const to = Math.min(from + offset, Number.MAX_SAFE_INTEGER);
        const records = await this.readOld((messages) =>
          findBetween(messages, { live_id, from, to }, MAX_HISTORY),
        );
        return { messages: records.map(toLiveMessage) };
      },
    },

    density: {
      visibility: "published",
      params: params["message.density"],
      async handler(ctx: Context<Params<"message.density">>): Promise<Result<"message.density">> {
        const { live_id } = ctx.params;
        await this.requireRoom(ctx, live_id);
        return this.readOld(async (messages) => {
          const last = await findLastTime(messages, live_id);
          const length = last === null ? 0 : last + 1;
          const bucket = bucketWidth(length, ctx.params.bucket);
          const counted = await countPerBucket(messages, { live_id, bucket, end: length });
          return { live_id, bucket, counts: fillBuckets(length, bucket, counted) };
        });
      },
    },

    export: {
      visibility: "published",
      params: params["message.export"],
      async handler(
        ctx: Context<Params<"message.export">, FileMeta>,
      ): Promise<Result<"message.export">> {
        const { live_id } = ctx.params;
        const { room } = await call(ctx, "live.single", { live_id });
        const upTo = await this.readOld((messages) => findLastId(messages, live_id));
        const format = formats[ctx.params.format]();
        const name = `danmaku-${live_id}.${format.extension}`;
        ctx.meta.$responseType = format.contentType;
        ctx.meta.$responseHeaders = { "Content-Disposition": `attachment; filename="${name}"` };
        return exportHistory(room, format, this.pages(live_id, upTo));
      },
    },
  },

  methods: {
    readOld<T>(read: (messages: ModelStatic<MessageModel>) => Promise<T>): Promise<T> {
      return readOld(this.broker, messageEntity, read);
    },

    async requireRoom(ctx: Context, live_id: number): Promise<void> {
      if (this.rooms.get(live_id, 0) !== undefined) return;
      await call(ctx, "live.card", { live_id });
      this.rooms.set(live_id, true);
    },

    /** Up to the last message of now: what is said meanwhile must not keep an export from ending. */
    pages(live_id: number, upTo: number): ReadPage {
      return async (after) => {
        try {
          return await this.readOld((messages) =>
            findPage(messages, { live_id, after, upTo }, EXPORT_PAGE),
          );
        } catch (error) {
          this.logger.error("export broken off", { live_id, reason: describeFailure(error) });
          return fail("HISTORY_FAILED");
        }
      };
    },
  },

  created() {
    this.rooms = createLru({ max: KNOWN_ROOMS });
  },

  started() {
    this.writer = openMessageWriter(runtimeOf(this.broker).database);
  },

  async stopped() {
    await this.writer?.close();
  },
};

export default schema;
