// Loaded into every test file's process. Tests that leave a server, a socket or a timer behind would
// keep that process alive for ever; here they fail and are told what is left.

import { after } from "node:test";

/** Time for things that end by themselves after the last test, in milliseconds. */
const GRACE_MS = 5_000;

after(() => {
  setTimeout(() => {
    const left = process.getActiveResourcesInfo().filter((kind) => kind !== "PipeWrap");
    console.error(`all tests have ended, but the process goes on because of: ${left.join(", ")}`);
    process.exit(1);
  }, GRACE_MS).unref();
});
