import { seededRandom } from "./seeded-random.ts";

/** What a test that leaves something to chance needs of its context. */
interface Diagnosed {
  diagnostic(message: string): void;
}

/** Chance that a failed run can be repeated with: TEST_SEED=n npm test … */
export interface Chance {
  /** In [0, 1). */
  next(): number;
  /** A whole number from `min` to `max`, both included. */
  whole(min: number, max: number): number;
  pick<T>(from: readonly T[]): T;
}

/** Tells the seed, so that whoever reads the report can repeat the run. */
export function chance(t: Diagnosed): Chance {
  const seed = Number(process.env.TEST_SEED) || Math.ceil(Math.random() * 2 ** 31);
  t.diagnostic(`TEST_SEED=${seed}`);
  const next = seededRandom(seed);
  const whole = (min: number, max: number) => min + Math.floor(next() * (max - min + 1));
  return {
    next,
    whole,
    pick: <T>(from: readonly T[]) => from[whole(0, from.length - 1)] as T,
  };
}
