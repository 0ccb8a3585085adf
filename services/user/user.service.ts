import { randomBytes } from "node:crypto";
import type { Context, Service, ServiceSchema, ServiceSettingSchema } from "moleculer";
import type { ModelStatic } from "sequelize";
import type { Params, Result } from "../../contracts/actions.ts";
import { broadcast, type CallMeta, call } from "../../contracts/call.ts";
import { fail } from "../../contracts/errors.ts";
import type { Upload } from "../../contracts/objects.ts";
import { params } from "../../contracts/params.ts";
import { createFleetingCache, type FleetingCache } from "../../lib/cache/fleeting-cache.ts";
import { describeFailure } from "../../lib/database/failure.ts";
import { type Configured, configMixin } from "../../mixins/config.mixin.ts";
import { entity } from "../../mixins/entity.mixin.ts";
import { failures } from "../../mixins/failures.mixin.ts";
import { cacheOf } from "../../mixins/node-cache.ts";
import { runtimeOf } from "../../mixins/runtime.ts";
import { Accounts } from "./accounts.ts";
import { findCards } from "./cards.ts";
import { HashGate } from "./hash-gate.ts";
import { defineSessions } from "./session.model.ts";
import { sessionRepo } from "./session.repo.ts";
import { LASTING_TTL_SECONDS } from "./session.ts";
import { type Revoked, Sessions } from "./sessions.ts";
import { type UserModel, userEntity } from "./user.model.ts";
import { userRepo } from "./user.repo.ts";
import type { CardImages, CardRow, UserRow, UserStore } from "./user.ts";

type Call<P> = Context<P, CallMeta>;

interface Members extends Configured {
  adapter: { model: ModelStatic<UserModel>; findById(id: number): Promise<UserModel | null> };
  users: UserStore;
  cards: FleetingCache<CardRow>;
  accounts: Accounts;
  sessions: Sessions;
  sweeper: NodeJS.Timeout;
  sweeping: Promise<void>;
  picture(
    ctx: Call<{ upload: Upload }>,
    shape: "avatar" | "background",
    column: keyof CardImages,
  ): Promise<string>;
  find(id: number): Promise<UserRow | null>;
  add(params: Params<"user.register">): Promise<UserRow>;
  lasting(user: UserRow): Promise<Result<"user.enter">>;
  announce(session: Revoked): Promise<void>;
  sweep(): Promise<void>;
}
type UserService = Service & Members;

/** How often sessions that are over are removed. */
const SWEEP_MS = 10 * 60_000;
/** How old a card may be where reading it crossed a change on another node. */
const CARDS_MS = 5_000;

/**
 * Two threads of libuv's pool (four) stay free for files and the database, and who has waited eight
 * seconds would hardly get an answer within the ten that a call may take.
 */
const HASHING = { atOnce: 2, waiting: 256, patienceMs: 8_000 };

/** Accounts and sessions. Access tokens are checked by the gateways themselves. */
const schema: ServiceSchema<ServiceSettingSchema, object, object, UserService> = {
  name: "user",
  mixins: [
    configMixin,
    entity(userEntity),
    failures({
      "user.register": "REGISTER_FAILED",
      "user.login": "LOGIN_FAILED",
      "user.join": "REGISTER_FAILED",
      "user.enter": "LOGIN_FAILED",
    }),
  ],

  actions: {
    register: {
      visibility: "published",
      params: params["user.register"],
      async handler(ctx: Call<Params<"user.register">>): Promise<Result<"user.register">> {
        return this.sessions.start(await this.add(ctx.params), Date.now());
      },
    },

    login: {
      visibility: "published",
      params: params["user.login"],
      async handler(ctx: Call<Params<"user.login">>): Promise<Result<"user.login">> {
        const { username, password } = ctx.params;
        return this.sessions.start(await this.accounts.identify(username, password), Date.now());
      },
    },

    join: {
      visibility: "published",
      params: params["user.join"],
      async handler(ctx: Call<Params<"user.join">>): Promise<Result<"user.join">> {
        return this.lasting(await this.add(ctx.params));
      },
    },

    enter: {
      visibility: "published",
      params: params["user.enter"],
      async handler(ctx: Call<Params<"user.enter">>): Promise<Result<"user.enter">> {
        const { username, password } = ctx.params;
        return this.lasting(await this.accounts.identify(username, password));
      },
    },

    refresh: {
      visibility: "published",
      params: params["user.refresh"],
      handler(ctx: Call<Params<"user.refresh">>): Promise<Result<"user.refresh">> {
        return this.sessions.refresh(ctx.params.refresh_token, Date.now());
      },
    },

    logout: {
      visibility: "published",
      params: params["user.logout"],
      async handler(ctx: Call<Params<"user.logout">>): Promise<Result<"user.logout">> {
        const { session_id, user_id } = ctx.meta.user ?? fail("NEED_LOGIN");
        await this.sessions.leave({ id: session_id, user_id }, Date.now());
        return {};
      },
    },

    me: {
      visibility: "published",
      params: params["user.me"],
      async handler(ctx: Call<Params<"user.me">>): Promise<Result<"user.me">> {
        const { user_id } = ctx.meta.user ?? fail("NEED_LOGIN");
        const { username, create_time } = (await this.find(user_id)) ?? fail("USER_NOT_FOUND");
        return { user: { user_id, username, create_time } };
      },
    },

    revoked: {
      visibility: "public",
      params: params["user.revoked"],
      async handler(): Promise<Result<"user.revoked">> {
        return { sessions: await this.sessions.revoked(Date.now()) };
      },
    },

    avatar: {
      visibility: "published",
      params: params["user.avatar"],
      async handler(ctx: Call<Params<"user.avatar">>): Promise<Result<"user.avatar">> {
        return { avatar: await this.picture(ctx, "avatar", "avatar") };
      },
    },

    background: {
      visibility: "published",
      params: params["user.background"],
      async handler(ctx: Call<Params<"user.background">>): Promise<Result<"user.background">> {
        return { background_image: await this.picture(ctx, "background", "background_image") };
      },
    },

    cards: {
      visibility: "public",
      params: params["user.cards"],
      async handler(ctx: Call<Params<"user.cards">>): Promise<Result<"user.cards">> {
        const { user_ids } = ctx.params;
        const rows = await findCards(user_ids, this.cards, (ids) => this.users.findCards(ids));
        return { users: rows.map(({ id, ...card }) => ({ user_id: id, ...card })) };
      },
    },

    brief: {
      visibility: "public",
      params: params["user.brief"],
      async handler(ctx: Call<Params<"user.brief">>): Promise<Result<"user.brief">> {
        const rows = await this.users.findNames(ctx.params.user_ids);
        return { users: rows.map(({ id, ...known }) => ({ user_id: id, ...known })) };
      },
    },
  },

  methods: {
    /** Makes an image that came in a picture of the caller; answers its path. */
    async picture(
      ctx: Call<{ upload: Upload }>,
      shape: "avatar" | "background",
      column: keyof CardImages,
    ): Promise<string> {
      const { user_id: owner } = ctx.meta.user ?? fail("NEED_LOGIN");
      if ((await this.find(owner)) === null) fail("USER_NOT_FOUND");
      const kept = { owner, purpose: shape };
      const image = { upload: ctx.params.upload, shape, field: shape };
      const { key, turn } = await call(ctx, "storage.image", { ...kept, ...image });
      const path = `/media/${key}`;
      await this.users.setImage(owner, column, path, turn);
      await this.cards.forget([owner]);
      await call(ctx, "storage.settle", { ...kept, turn });
      return path;
    },

    async find(id: number): Promise<UserRow | null> {
      const user = await this.adapter.findById(id);
      return user?.get({ plain: true }) ?? null;
    },

    async add({ username, password }: Params<"user.register">): Promise<UserRow> {
      if (!this.config.features.register) fail("FEATURE_OFF");
      return this.accounts.add(username, password, Date.now());
    },

    /** A session of the short-video dialect, whose clients take one token and never come to refresh it. */
    async lasting(user: UserRow): Promise<Result<"user.enter">> {
      const session = await this.sessions.start(user, Date.now(), LASTING_TTL_SECONDS);
      return { user_id: session.user_id, token: session.token };
    },

    /** The session is out whether or not everybody hears of it: gateways also ask for the list. */
    async announce(session: Revoked): Promise<void> {
      try {
        await broadcast(this.broker, "user.revoked", session);
      } catch (error) {
        this.logger.warn("a listener failed", { reason: describeFailure(error) });
      }
    },

    async sweep(): Promise<void> {
      try {
        await this.sessions.sweep(Date.now());
      } catch (error) {
        this.logger.warn("sessions that are over were not removed", {
          reason: describeFailure(error),
        });
      }
    },
  },

  async started() {
    const { database, ids, signingKey } = runtimeOf(this.broker);
    const made = { newId: () => ids.next(), random: randomBytes };
    this.users = userRepo(this.adapter.model);
    this.cards = createFleetingCache({
      backend: () => cacheOf(this.broker),
      prefix: "user:card",
      ttlMs: CARDS_MS,
    });
    this.accounts = new Accounts({
      ...made,
      store: this.users,
      gate: new HashGate({ ...HASHING, now: () => performance.now() }),
    });
    this.sessions = new Sessions({
      ...made,
      store: sessionRepo(defineSessions(database)),
      signingKey,
      username: async (id) => (await this.find(id))?.username ?? null,
      revoked: (session) => this.announce(session),
    });
    this.sweeper = setInterval(() => {
      this.sweeping = this.sweep();
    }, SWEEP_MS);
    this.sweeping = this.sweep();
  },

  async stopped() {
    clearInterval(this.sweeper);
    await this.sweeping;
  },
};

export default schema;
