import assert from "node:assert/strict";
import { type ErrorName, errors } from "../../contracts/errors.ts";
import { StreamRefused, Viewer, type ViewerOptions, watch } from "./viewer.ts";

/** Expects a refusal in the live envelope, before any stream. */
export async function refusedStream(
  name: ErrorName,
  options: ViewerOptions,
): Promise<StreamRefused> {
  const outcome = await watch(options).catch((error: unknown) => error);
  if (outcome instanceof Viewer) outcome.close();
  assert.ok(outcome instanceof StreamRefused, "a stream was opened");
  const { status, live, message } = errors[name];
  assert.equal(outcome.status, status);
  assert.match(outcome.headers.get("content-type") ?? "", /^application\/json/);
  assert.deepEqual(JSON.parse(outcome.body).base_resp, { status_code: live, status_msg: message });
  return outcome;
}
