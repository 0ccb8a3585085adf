/**
 * Loaded into nodes by `NODE_OPTIONS=--import=…`, before anything else: lets their lottery service
 * tell of its steps, and stand still at one of them. The service itself knows nothing of it.
 */
import { isMainThread } from "node:worker_threads";

if (isMainThread && process.argv.includes("lottery")) {
  const [{ default: schema, lotteryService }, { reached }] = await Promise.all([
    import("../../../services/lottery/lottery.service.ts"),
    import("./reached-step.ts"),
  ]);
  // Whoever loads the service later gets this very object.
  Object.assign(schema, lotteryService({ reached }));
}
