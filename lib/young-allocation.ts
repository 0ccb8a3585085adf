import { setFlagsFromString } from "node:v8";

/*
 * Has all that a request is made of begin in V8's young generation, where it costs nothing to forget.
 *
 * V8 watches what survives its first collections, and makes what mostly does in the old generation at
 * once from then on ("allocation site pretenuring"). A server that has just started is a bad time to
 * decide that: a few hundred requests wait together for their rooms to be loaded, and all survive. Some
 * starts ended with a part of every later request made in the old generation, which kept the rest of it
 * until the next full collection: pauses of 12 to 20 ms instead of 3 to 5 (docs/benchmarks.md).
 */
setFlagsFromString("--no-allocation-site-pretenuring");
