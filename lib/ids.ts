/**
 * Message ids: identity, order in the room and resume cursor in one number that JSON carries exactly.
 *
 *   id = ms · 2^12 + worker · 2^5 + sequence      41 + 7 + 5 = 53 bits
 *
 * The parts are put together by multiplication: bitwise operators would cut them to 32 bits.
 */

/** Milliseconds in an id count from here: 2024-01-01T00:00:00Z. They last until September 2093. */
export const ID_EPOCH_MS = Date.UTC(2024, 0, 1);

/** The highest id there can be, 2^53 − 1. */
export const MAX_ID = Number.MAX_SAFE_INTEGER;

/** Worker numbers are 0 to 127. */
export const WORKERS = 128;

const SEQUENCES = 32;
const IDS_PER_MS = WORKERS * SEQUENCES;
const MAX_MS = 2 ** 41 - 1;

/** Gives out ids that are unique as long as no other generator runs with the same worker number. */
export interface IdGenerator {
  /**
   * The next id: greater than every id this generator gave before, and greater than `above`.
   *
   * @param above 0 or an id, for instance the last one of a room that comes from another node
   * @throws RangeError when `above` is no id, when the clock is before 2024 at the first call, or
   *   when the time no longer fits into 41 bits; the generator stays usable
   */
  next(above?: number): number;
  /** The worker number in every id. */
  readonly worker: number;
}

/**
 * Creates a generator. Ids never go backwards: while the clock is behind the last id (it was set
 * back, or a burst borrowed from the milliseconds ahead of it) ids go on from the last one.
 *
 * The sequence says nothing to a generator that starts anew, so a worker number may be given to
 * another process only after the time of its last id has passed.
 *
 * @param options.worker 0 to 127, held by one live process at a time
 * @param options.now Unix milliseconds
 * @throws RangeError on a bad worker number
 */
export function createIdGenerator(options: { worker: number; now?: () => number }): IdGenerator {
  const { worker, now = Date.now } = options;
  if (!Number.isInteger(worker) || worker < 0 || worker >= WORKERS) {
    throw new RangeError(`worker must be an integer from 0 to ${WORKERS - 1}, got ${worker}`);
  }
  const offset = worker * SEQUENCES;
  // An object rather than two variables: V8 updates its fields in place, while a captured variable
  // that outgrows 31 bits costs a heap number at every write.
  const last = { ms: 0, sequence: 0 };

  return {
    worker,
    next(above = 0) {
      let ms = Math.floor(now()) - ID_EPOCH_MS;
      let sequence = 0;
      if (!(ms > last.ms)) {
        if (last.ms === 0) throw new RangeError(`the clock is before 2024: ${now()} ms`);
        ms = last.ms;
        sequence = last.sequence + 1;
        if (sequence === SEQUENCES) {
          ms += 1;
          sequence = 0;
        }
      }
      if (!(ms * IDS_PER_MS + offset + sequence > above)) {
        if (!isId(above)) throw new RangeError(`not an id to go on from: ${above}`);
        ms = Math.floor(above / IDS_PER_MS) + 1;
        sequence = 0;
      }
      if (ms > MAX_MS) throw new RangeError("the time no longer fits into an id (41 bits of ms)");
      last.ms = ms;
      last.sequence = sequence;
      return ms * IDS_PER_MS + offset + sequence;
    },
  };
}

/** When an id was given, in Unix milliseconds; ahead of the clock where the id was borrowed. */
export function idTimeMs(id: number): number {
  return Math.floor(id / IDS_PER_MS) + ID_EPOCH_MS;
}

/** The lowest id that can be given at a time, in Unix milliseconds; 0 for times before 2024. */
export function firstIdAt(ms: number): number {
  return Math.max(0, Math.ceil(ms) - ID_EPOCH_MS) * IDS_PER_MS;
}

/** The worker that gave an id, 0 to 127. */
export function idWorker(id: number): number {
  return Math.floor(id / SEQUENCES) % WORKERS;
}

/** Whether a value can be an id: an integer from 1 to 2^53 − 1. */
export function isId(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}
