// Starts everything in this process: `npm start`, `npm run dev`, `npm run repl`.

import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { ServiceBroker } from "moleculer";
import { type Env, readEnv } from "../lib/env.ts";
import { version } from "../lib/version.ts";
import { banner, webAddress } from "./serve/banner.ts";
import { type Boot, prepareBoot } from "./serve/boot.ts";
import { refuseUnsupported, refuseUnwritable } from "./serve/refusals.ts";

/** What a failed start leaves behind has this long to be put away. */
const CLEAN_UP_MS = 3_000;
/** A stop waits this long for a start under way: cut short, that would end in errors of its own. */
const START_MS = 3_000;

const boot = prepareBoot(process.argv.slice(2));
let stopping = false;
const starting = start();
stopOnSignals(boot, starting);
endOnSurprises(boot);
await starting;

async function start(): Promise<void> {
  try {
    const env = readEnv(process.env);
    refuseUnsupported(env);
    refuseUnwritable(env.dataDir);
    const broker = await boot.start();
    if (!stopping) announce(broker, env);
  } catch (error) {
    if (!stopping) await giveUp(error);
  }
}

function announce(broker: ServiceBroker, env: Env): void {
  const { server } = broker.getLocalService("api") as unknown as { server: Server };
  const web = webAddress(server.address() as AddressInfo);
  if (env.logFormat === "json") broker.getLogger("serve").info("running", { version, web });
  else console.log(banner(env, version, web));
}

/** One sentence; the stack only for those who asked for details. */
async function giveUp(error: unknown): Promise<never> {
  const { message, stack } = error as Error;
  console.error(`molimoli: ${message}`);
  if (/^(debug|trace)$/i.test(process.env.LOG_LEVEL ?? "")) console.error(stack);
  setTimeout(() => process.exit(1), CLEAN_UP_MS);
  await boot.broker()?.stop();
  process.exit(1);
}

function stopOnSignals({ broker }: Boot, starting: Promise<void>): void {
  const stop = async () => {
    if (stopping) process.exit(130);
    stopping = true;
    await Promise.race([starting, delay(START_MS)]);
    await broker()?.stop();
    process.exit(0);
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, stop);
}

/** After an exception that nobody expected, nothing about this process can be relied on. */
function endOnSurprises({ broker }: Boot): void {
  process.on("uncaughtException", (error) => {
    const logger = broker()?.logger;
    if (logger === undefined) console.error(error);
    else logger.fatal("uncaught exception", error);
    process.exit(1);
  });
}
