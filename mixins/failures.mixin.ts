import { type Context, Errors, type Service, type ServiceSchema } from "moleculer";
import type { ActionName } from "../contracts/actions.ts";
import { type ErrorName, errorName, fail } from "../contracts/errors.ts";
import { describeFailure, isUnreachable } from "../lib/database/failure.ts";

/** How long a client should leave a database alone that cannot be reached, in ms. */
const RETRY_AFTER_MS = 1000;

/**
 * What an action answers when something breaks that is nobody's mistake: UNAVAILABLE while the
 * database cannot be reached, else the name given for that action, else INTERNAL. What broke goes to
 * the log only.
 */
export function failures(
  names: Partial<Record<ActionName, ErrorName>> = {},
): Partial<ServiceSchema> {
  return {
    hooks: {
      error: {
        "*"(this: Service, ctx: Context, error: Error): never {
          if (errorName(error) !== null || error instanceof Errors.MoleculerError) throw error;
          const action = ctx.action?.name as ActionName;
          if (isUnreachable(error)) {
            this.logger.warn("database out of reach", { action, reason: describeFailure(error) });
            return fail("UNAVAILABLE", { retry_after_ms: RETRY_AFTER_MS });
          }
          this.logger.error("action failed", { action, reason: describeFailure(error) });
          return fail(names[action] ?? "INTERNAL");
        },
      },
    },
  };
}
