import type { ByteRange } from "../../lib/object-store/object-store.ts";

/** One range of bytes, in any of its three ways: `a-b`, `a-` and `-n`. Numbers of up to 15 digits. */
const RANGE = /^bytes=[ \t]*(?:(\d{1,15})-(\d{0,15})|-(\d{1,15}))[ \t]*$/i;

/**
 * What a `Range` header asks of something of that size (RFC 9110): null when there is none that has to
 * be heeded, which includes several ranges at once and what is no range of bytes; "unsatisfiable" when
 * nothing of it lies within.
 */
export function requestedRange(
  header: string | undefined,
  size: number,
): ByteRange | "unsatisfiable" | null {
  const found = RANGE.exec(header ?? "");
  if (found === null) return null;
  const [, first = "", last = "", suffix = ""] = found;
  if (first === "") {
    const length = Math.min(Number(suffix), size);
    return length === 0 ? "unsatisfiable" : { start: size - length, end: size - 1 };
  }
  const start = Number(first);
  if (last !== "" && Number(last) < start) return null;
  if (start >= size) return "unsatisfiable";
  return { start, end: last === "" ? size - 1 : Math.min(Number(last), size - 1) };
}

/** Whether an `If-None-Match` header names this entity tag, or any. */
export function namesTag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  const tags = header.split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  return tags.includes("*") || tags.includes(etag);
}
