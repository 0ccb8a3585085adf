/**
 * The steps of a draw, in their order. Whoever dies between two of them leaves a lottery that anyone
 * can carry on from there; tests die at each.
 *
 * - `claimed`: this node has the lease of a lottery that is due
 * - `frozen`: nobody can join any more
 * - `drawn`: the winners are known, to this process only
 * - `stored`: the winners and everything of the proof are in the database
 * - `announced`: the room has been told
 * - `closed`: nothing more is to be done
 */
export const steps = ["claimed", "frozen", "drawn", "stored", "announced", "closed"] as const;
export type Step = (typeof steps)[number];

/** Told of every step as soon as it is done, before the next one begins. */
export type StepListener = (step: Step, lotteryId: number) => void;
