/**
 * What larger installations need: no measurement, but arithmetic on unit costs that were measured
 * (grow/unit-costs.json says where). docs/scale.md explains the scenarios and what limits what.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { defaultConfig } from "../contracts/config.ts";
import { plan, type Scenario, type UnitCosts } from "./grow/plan.ts";
import type { Bench } from "./lib/bench.ts";

const { limiter: limits } = defaultConfig;

const busy = { rooms: 1000, viewers: 1000, rate: 20, flush_ms: 50, limits };
const many = { rooms: 1e5, viewers: 20, rate: 0.5, flush_ms: 50, limits };
const million = { rooms: 1, viewers: 1e6, rate: 500, limits };
const SCENARIOS: Scenario[] = [
  { name: "a small site", rooms: 50, viewers: 100, rate: 5, flush_ms: 50, limits },
  { name: "a thousand busy rooms, spread", ...busy },
  { name: "a thousand busy rooms, together", ...busy, spread: 2 },
  { name: "a hundred thousand rooms, spread", ...many },
  { name: "a hundred thousand rooms, together", ...many, spread: 2 },
  { name: "a million viewers, 50 ms", ...million, flush_ms: 50 },
  { name: "a million viewers, 250 ms", ...million, flush_ms: 250 },
  { name: "a million viewers, 1 s", ...million, flush_ms: 1000 },
];

export const grow: Bench = {
  name: "grow",
  about: "what larger installations need, computed from measured unit costs",
  async run({ only, log }) {
    const file = join(import.meta.dirname, "grow", "unit-costs.json");
    const costs = JSON.parse(readFileSync(file, "utf8")) as UnitCosts & { from: string };
    log(`unit costs: ${costs.from}`);
    return SCENARIOS.filter(({ name }) => only === undefined || name.includes(only)).map(
      (scenario) => ({ case: scenario.name, ...plan(scenario, costs) }),
    );
  },
};
