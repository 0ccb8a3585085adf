/** Objects and arrays inside each other that a request may have. */
export const MAX_DEPTH = 8;

/** Whether no object or array of a parsed JSON value lies deeper than `depth` levels. */
export function isWithinDepth(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (depth === 0) return false;
  for (const inner of Object.values(value)) {
    if (!isWithinDepth(inner, depth - 1)) return false;
  }
  return true;
}
