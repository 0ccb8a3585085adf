import assert from "node:assert/strict";
import { test } from "node:test";
import { BUSY, plan, type Scenario, SOCKETS, type UnitCosts } from "../../bench/grow/plan.ts";

const costs: UnitCosts = {
  us_per_write: 10,
  us_per_message_gateway: 100,
  us_per_message_push: 100,
  us_per_message_rest: 50,
  us_per_message_mariadb: 40,
  us_per_message_nats: 60,
  us_per_emit: 50,
  us_per_packet_gateway: 50,
  us_per_redis_call: 20,
  kib_per_viewer: 6,
  bytes_per_danmaku_gzip: 25,
  bytes_per_danmaku: 200,
  bytes_of_packet: 300,
};
const scenario: Scenario = {
  name: "",
  rooms: 1,
  viewers: 100_000,
  rate: 20,
  flush_ms: 50,
  limits: { room_rate: 100, room_rate_min: 20, room_egress: 2_000_000 },
};

test("a gateway has as many viewers as it can write to at every flush", () => {
  const perGateway = (BUSY * 1e6) / (20 * 10);
  const { gateways, gateway_limit } = plan(scenario, costs);
  assert.equal(gateway_limit, "writes");
  assert.ok(gateways >= 100_000 / perGateway && gateways <= 100_000 / perGateway + 3);
});

test("rarer flushes let a gateway have more viewers, up to its sockets", () => {
  const { gateways, gateway_limit } = plan({ ...scenario, flush_ms: 1000 }, costs);
  assert.equal(gateway_limit, "sockets");
  assert.ok(gateways >= 100_000 / SOCKETS && gateways <= 100_000 / SOCKETS + 3);
});

test("the ceiling of a room bounds what is pushed, not what is kept", () => {
  const { pushed, rows_per_s } = plan({ ...scenario, rate: 500 }, costs);
  assert.equal(pushed, 20);
  assert.equal(rows_per_s, 500);
});

test("traffic to the public is what viewers are sent", () => {
  assert.equal(plan(scenario, costs).egress_gbit, 0.4);
});

test("twice as many rooms need twice as much of what is counted by rooms", () => {
  const small = { ...scenario, rooms: 1000, viewers: 10 };
  const [one, two] = [plan(small, costs), plan({ ...small, rooms: 2000 }, costs)];
  for (const need of ["redis_cores", "mariadb_cores"] as const)
    assert.ok(Math.abs(two[need] - 2 * one[need]) <= 0.02, need);
});

test("rooms whose viewers are kept together send fewer packets", () => {
  const many = { ...scenario, rooms: 1000, viewers: 1000 };
  const [spread, together] = [plan(many, costs), plan({ ...many, spread: 2 }, costs)];
  assert.ok(together.nats_gbit < spread.nats_gbit / 10);
  assert.ok(together.push < spread.push / 5);
});
