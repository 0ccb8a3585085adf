import { failField } from "../../contracts/errors.ts";

/** Buckets that a heat strip gets by default, at most. */
const USUAL_BUCKETS = 200;
/** Buckets in one answer. */
export const MAX_BUCKETS = 2_000;

/** Widths that people read easily, in seconds; beyond an hour whole hours. */
const WIDTHS = [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800];
const HOUR = 3600;

/**
 * The width of a bucket, in seconds: the one asked for, else such that there are at most 200.
 *
 * @param length of the show so far, in seconds
 * @throws BAD_REQUEST when the one asked for makes more than 2,000 buckets
 */
export function bucketWidth(length: number, asked: number | undefined): number {
  if (asked === undefined) return usualWidth(length);
  if (Math.ceil(length / asked) > MAX_BUCKETS) {
    const least = Math.ceil(length / MAX_BUCKETS);
    failField("bucket", `makes more than ${MAX_BUCKETS} buckets; ${least} is the least`);
  }
  return asked;
}

function usualWidth(length: number): number {
  const least = length / USUAL_BUCKETS;
  return WIDTHS.find((width) => width >= least) ?? Math.ceil(least / HOUR) * HOUR;
}

/** Counts from the first second on, with zeros where nobody spoke. */
export function fillBuckets(
  length: number,
  bucket: number,
  counted: { start: number; count: number }[],
): number[] {
  const counts = new Array<number>(Math.ceil(length / bucket)).fill(0);
  for (const { start, count } of counted) counts[start / bucket] = count;
  return counts;
}
