import { setTimeout as delay } from "node:timers/promises";
import type { ServiceBroker } from "moleculer";
import { type Env, readEnv } from "../../lib/env.ts";
import { runtimeOf } from "../../mixins/runtime.ts";
import { type Boot, prepareBoot } from "./boot.ts";
import { refuseUnsupported, refuseUnwritable } from "./refusals.ts";

/** What a failed start leaves behind has this long to be put away. */
const CLEAN_UP_MS = 3_000;
/** A stop waits this long for a start under way: cut short, that would end in errors of its own. */
const START_MS = 10_000;
const LOOK_EVERY_MS = 100;
/**
 * A signal so soon after the first is the same one: a supervisor that tells a whole process group and
 * npm, which passes on what it is told, both deliver it.
 */
const ECHO_MS = 500;

/** One process of the product, of any kind. */
export interface ProcessPlan {
  /** Names of the services that run in it. */
  services: readonly string[];
  /** For Moleculer's runner. */
  flags: readonly string[];
  /** Throws what keeps this kind of process from starting, in a sentence for people. */
  check?: (env: Env) => void;
  /** Is told of the broker as soon as there is one; what it answers is called once that has started. */
  starting?: (boot: Boot, env: Env) => () => void;
  /** Whether a start waits for what others do, which may take for ever. */
  isWaiting?: (broker: ServiceBroker) => boolean;
  /** Everything runs. */
  running: (broker: ServiceBroker, env: Env) => void;
}

/** Starts what the plan says, stops it on a signal, and ends this process with it. */
export async function runProcess(plan: ProcessPlan): Promise<void> {
  const boot = prepareBoot(plan.services, plan.flags);
  const stop = { asked: false };
  const starting = start(plan, boot, stop);
  stopOnSignals(plan, boot, stop, starting);
  endOnSurprises(boot);
  await starting;
}

interface Stop {
  asked: boolean;
}

async function start(plan: ProcessPlan, boot: Boot, stop: Stop): Promise<void> {
  let started = () => {};
  try {
    const env = readEnv(process.env);
    plan.check?.(env);
    refuseUnsupported(env);
    refuseUnwritable(env.dataDir);
    started = plan.starting?.(boot, env) ?? started;
    const broker = await boot.start();
    if (!stop.asked) plan.running(broker, env);
  } catch (error) {
    if (!stop.asked) await giveUp(boot, error);
  } finally {
    started();
  }
}

/** One sentence; the stack only for those who asked for details. */
async function giveUp(boot: Boot, error: unknown): Promise<never> {
  const { message, stack } = error as Error;
  console.error(`molimoli: ${message}`);
  if (/^(debug|trace)$/i.test(process.env.LOG_LEVEL ?? "")) console.error(stack);
  setTimeout(() => process.exit(1), CLEAN_UP_MS);
  await boot.broker()?.stop();
  process.exit(1);
}

function stopOnSignals(plan: ProcessPlan, boot: Boot, stop: Stop, starting: Promise<void>): void {
  let askedAt = 0;
  const onSignal = async () => {
    const now = performance.now();
    if (stop.asked) {
      if (now - askedAt >= ECHO_MS) process.exit(130);
      return;
    }
    stop.asked = true;
    askedAt = now;
    await Promise.race([starting, delay(START_MS), waiting(plan, boot)]);
    await leave(boot.broker());
    process.exit(0);
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, onSignal);
}

/** Resolves when the start waits for others; never otherwise. */
async function waiting({ isWaiting }: ProcessPlan, boot: Boot): Promise<void> {
  for (;;) {
    const broker = boot.broker();
    if (broker !== null && isWaiting?.(broker)) return;
    await delay(LOOK_EVERY_MS);
  }
}

/**
 * First whoever is connected to this process is let go, while everything still works; then the broker
 * leaves the registry, finishes what runs, and stops its services.
 */
async function leave(broker: ServiceBroker | null): Promise<void> {
  if (broker === null) return;
  await runtimeOf(broker).drain();
  await broker.stop();
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
