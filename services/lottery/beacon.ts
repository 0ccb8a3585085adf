/**
 * A source of public randomness that nobody can foresee or choose, not even who runs the lottery. Its
 * values come in numbered rounds; which one a draw uses is fixed when the lottery is made.
 */
export interface Beacon {
  /** The first round that comes after a moment (Unix seconds); null where there is no beacon. */
  roundAfter(endTime: number): number | null;
  /**
   * The verified randomness of a round: 32 bytes in hex. Waits for a round that is still to come.
   *
   * @param signal the limit; a `TimeoutError` as its reason means that the round cannot be had
   * @throws BeaconError when the round cannot be had in time or nobody has a genuine one: the draw
   *   must not happen then. The signal's reason when that is something else than a time-out.
   */
  randomness(round: number, signal: AbortSignal): Promise<string>;
}

/** Why there is no randomness. */
export type BeaconFault = "unreachable" | "forged";

/** Says why a draw that was promised a beacon cannot happen. */
export class BeaconError extends Error {
  readonly fault: BeaconFault;

  constructor(fault: BeaconFault, message: string) {
    super(message);
    this.name = "BeaconError";
    this.fault = fault;
  }
}

/** Where none is configured: draws use their seed alone, and lotteries say so. */
export const noBeacon: Beacon = {
  roundAfter: () => null,
  randomness: async (round) => {
    // A lottery made while a beacon was configured keeps its promise, or is cancelled.
    throw new BeaconError(
      "unreachable",
      `round ${round} was promised, but no beacon is configured`,
    );
  },
};
