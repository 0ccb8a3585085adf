import { ProductError } from "../../contracts/errors.ts";

/** The store itself failed; the same call may succeed later. `cause` is for the log. */
export function storeFailed(cause: unknown): ProductError {
  return Object.assign(new ProductError("UNAVAILABLE"), { cause });
}
