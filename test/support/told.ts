import assert from "node:assert/strict";
import type { Reckoning } from "./load.ts";

interface Diagnosed {
  diagnostic(message: string): void;
}

/**
 * Says what came of a load, and holds to it that whoever was refused was told so in the way that
 * clients understand: 503, and when to come back.
 */
export function told(t: Diagnosed, reckoning: Reckoning): void {
  const { accepted, unanswered, repeated, refused, keptUnanswered, keptRefused } = reckoning;
  if (unanswered > 0) t.diagnostic(`no answer because: ${reckoning.breaks.join("; ")}`);
  t.diagnostic(
    `${accepted} accepted, ${unanswered} without an answer (${keptUnanswered} of them kept), ` +
      `${repeated.length} refused once, ${refused.length} twice (${keptRefused.length} of them kept)`,
  );
  for (const { status, body } of [...repeated, ...refused])
    assert.equal(status, 503, JSON.stringify(body));
}
