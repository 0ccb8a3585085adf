import type { Context, Service, ServiceSchema, ServiceSettingSchema } from "moleculer";
import { call } from "../../contracts/call.ts";
import { fail } from "../../contracts/errors.ts";
import type { EventMap } from "../../contracts/events.ts";
import type { Caller } from "../../contracts/objects.ts";
import { verifyAccessToken } from "../../lib/token.ts";
import { runtimeOf } from "../../mixins/runtime.ts";
import { Authenticator } from "./authenticator.ts";
import type { Auth } from "./route.ts";

/** What a service with {@link authMixin} can ask. */
export interface Authenticating {
  /**
   * Who is calling.
   *
   * @throws NEED_LOGIN, TOKEN_EXPIRED, TOKEN_INVALID, TOKEN_REVOKED; UNAVAILABLE as long as the
   *   sessions that were signed out are not known
   */
  identify(auth: Auth, token: string | null): Promise<Caller | null>;
}

interface Members extends Authenticating {
  authenticator: Authenticator;
  revocationsKnown: boolean;
  revocationTimer: NodeJS.Timeout | undefined;
  loadRevocations(): Promise<void>;
  takeRevocation(session: EventMap["user.revoked"], nowMs: number): void;
  /** Where the gateway has one: told of each session that was signed out, also of those known already. */
  sessionRevoked?(session_id: number): void;
}

/** The event that tells of a sign-out may be lost on its way; the list of them is asked for this often. */
const REVOCATIONS_MS = 60_000;

/** Knows who calls by the access token, and which sessions were signed out before it expired. */
export const authMixin: Partial<
  ServiceSchema<ServiceSettingSchema, object, object, Service & Members>
> = {
  events: {
    "user.revoked"(ctx: Context<EventMap["user.revoked"]>) {
      this.takeRevocation(ctx.params, Date.now());
    },
  },

  methods: {
    async identify(auth: Auth, token: string | null): Promise<Caller | null> {
      if (auth === "none") return null;
      if (token === null) return auth === "optional" ? null : fail("NEED_LOGIN");
      if (!this.revocationsKnown) await this.loadRevocations();
      return this.authenticator.caller(token, Date.now());
    },

    async loadRevocations(): Promise<void> {
      const { sessions } = await call(this.broker, "user.revoked", {});
      const now = Date.now();
      for (const session of sessions) this.takeRevocation(session, now);
      this.revocationsKnown = true;
    },

    takeRevocation({ session_id, until_ms }: EventMap["user.revoked"], nowMs: number): void {
      this.authenticator.revoke(session_id, until_ms, nowMs);
      this.sessionRevoked?.(session_id);
    },
  },

  created() {
    const { signingKey } = runtimeOf(this.broker);
    this.authenticator = new Authenticator((token, nowMs) =>
      verifyAccessToken(signingKey, token, nowMs),
    );
    this.revocationsKnown = false;
  },

  started() {
    this.revocationTimer = setInterval(() => {
      this.loadRevocations().catch((error: Error) =>
        this.logger.warn("the list of signed-out sessions could not be renewed", {
          reason: error.message,
        }),
      );
    }, REVOCATIONS_MS);
  },

  stopped() {
    clearInterval(this.revocationTimer);
  },
};
