import { appendFileSync, existsSync, readFileSync } from "node:fs";
import type { StepListener } from "../../../services/lottery/steps.ts";

/** The other half, the test's, is in `step-log.ts`. A node goes by the name of its own folder. */
const { DATA_DIR = "", LOTTERY_STEPS_DIR: folder = "" } = process.env;
const name = DATA_DIR.split("/").at(-2);
const log = `${folder}/${name}.log`;
const orders = `${folder}/${name}.orders`;

/** "drawn 3 x": the third time from now on that this node reaches that step is the last thing it does. */
let known = "";
let left = 0;

/** Written before anything else happens, so that it can be read whatever becomes of the process. */
export const reached: StepListener = (step, lotteryId) => {
  const order = existsSync(orders) ? readFileSync(orders, "utf8") : "";
  const [fatal, times] = order.split(" ");
  if (order !== known) left = Number(times);
  known = order;
  const last = step === fatal && --left === 0;
  const line = `${Date.now()} ${process.pid} ${step} ${lotteryId} ${last ? "last" : "on"}\n`;
  appendFileSync(log, line);
  // Stopped and not killed: an end that no test asked for is a failure. The kill -9 follows.
  if (last) process.kill(process.pid, "SIGSTOP");
};
