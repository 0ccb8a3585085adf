import { fail } from "../../contracts/errors.ts";
import { ToolError } from "../../lib/run-tool.ts";
import { SlotsFullError } from "../../lib/slots.ts";

/** How long to leave a node alone that has enough to look into, in ms. */
const BUSY_MS = 5_000;

/** Says what a failure of the tools means for whoever published; anything else stays as it is. */
export function refuseFor(error: unknown): never {
  if (error instanceof SlotsFullError) fail("UNAVAILABLE", { retry_after_ms: BUSY_MS });
  if (!(error instanceof ToolError)) throw error;
  if (error.problem === "missing") fail("VIDEO_TOOLS_MISSING");
  if (error.problem === "timeout") fail("VIDEO_DAMAGED");
  fail("UNAVAILABLE", { retry_after_ms: BUSY_MS });
}
