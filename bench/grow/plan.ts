import { roomCeiling } from "../../services/push/limiter.ts";

/** What one unit of work costs; `us_*` are microseconds of CPU. */
export interface UnitCosts {
  /** One write to one viewer's socket, whatever is in it. */
  us_per_write: number;
  us_per_message_gateway: number;
  us_per_message_push: number;
  us_per_message_rest: number;
  us_per_message_mariadb: number;
  us_per_message_nats: number;
  /** The owner of a room sends one batch to one gateway; a gateway takes one. */
  us_per_emit: number;
  us_per_packet_gateway: number;
  us_per_redis_call: number;
  kib_per_viewer: number;
  bytes_per_danmaku_gzip: number;
  bytes_per_danmaku: number;
  /** What a batch weighs on NATS besides its messages. */
  bytes_of_packet: number;
}

export interface Scenario {
  name: string;
  rooms: number;
  /** In each room. */
  viewers: number;
  /** Messages accepted per second in each room. */
  rate: number;
  /** Time between two flushes of a busy room, in ms. */
  flush_ms: number;
  /** Over how many gateways the viewers of one room are spread at most; all of them when left out. */
  spread?: number;
  limits: { room_rate: number; room_rate_min: number; room_egress: number };
}

export interface Needs {
  /** Messages per second pushed in each room. */
  pushed: number;
  /** Processes, one core each, of which {@link BUSY} is used. */
  gateways: number;
  push: number;
  rest: number;
  mariadb_cores: number;
  nats_cores: number;
  /** Of Redis, which has one core for commands. */
  redis_cores: number;
  rows_per_s: number;
  egress_gbit: number;
  nats_gbit: number;
  gateway_memory_gib: number;
  /** What limits a gateway: sockets, or time to write to them. */
  gateway_limit: "sockets" | "writes";
  /** Of one core, what the owner of one room uses. */
  busiest_room: number;
}

/** Part of a core that is used in normal times: the rest is for reconnects and for nodes that die. */
export const BUSY = 0.6;
/** Streams of one gateway, as `hub.max_viewers`. */
export const SOCKETS = 18_000;
/** Redis calls per second of an awake room besides those for batches: a lease of 2 s, renewed thrice. */
const LEASE_CALLS = 1.5;
/** A gateway renews its interest in a room this often, in seconds. */
const RENEW_S = 5;

/** What a scenario needs, by arithmetic on measured costs. */
export function plan(scenario: Scenario, costs: UnitCosts): Needs {
  const { rooms, viewers, rate, flush_ms, limits, spread = Number.POSITIVE_INFINITY } = scenario;
  const pushed = Math.min(rate, roomCeiling(limits, viewers));
  const flushes = Math.min(pushed, 1000 / flush_ms);
  const total = rooms * viewers;

  const perGateway = Math.min(SOCKETS, (BUSY * 1e6) / Math.max(1e-9, flushes * costs.us_per_write));
  // Viewers of a small room come in by any gateway.
  const taking = (rooms * rate * costs.us_per_message_gateway) / 1e6 / BUSY;
  const byViewers = total / perGateway;
  const gateways = Math.max(1, Math.ceil(byViewers + taking));
  const interested = Math.min(gateways, viewers, spread);
  const packets = rooms * flushes * interested + (rooms * interested) / RENEW_S;
  const packetCores = (packets * costs.us_per_packet_gateway) / 1e6;

  const perRoom =
    (rate * costs.us_per_message_push + flushes * interested * costs.us_per_emit) / 1e6;
  const batchBytes = (pushed / Math.max(flushes, 1e-9)) * costs.bytes_per_danmaku;
  const messages = rooms * rate;
  return {
    pushed,
    gateways: gateways + Math.ceil(packetCores / BUSY),
    push: Math.max(1, Math.ceil((rooms * perRoom) / BUSY)),
    rest: Math.max(1, Math.ceil((messages * costs.us_per_message_rest) / 1e6 / BUSY)),
    mariadb_cores: cores(messages * costs.us_per_message_mariadb),
    nats_cores: cores(messages * costs.us_per_message_nats + packets * 10),
    redis_cores: cores(rooms * (LEASE_CALLS + flushes) * costs.us_per_redis_call),
    rows_per_s: messages,
    egress_gbit: gbit(total * pushed * costs.bytes_per_danmaku_gzip),
    nats_gbit: gbit(rooms * flushes * interested * (batchBytes + costs.bytes_of_packet)),
    gateway_memory_gib: round((total * costs.kib_per_viewer) / 1024 / 1024),
    gateway_limit: perGateway < SOCKETS ? "writes" : "sockets",
    busiest_room: round(perRoom),
  };
}

function cores(micros: number): number {
  return round(micros / 1e6);
}

function gbit(bytesPerSecond: number): number {
  return round((bytesPerSecond * 8) / 1e9);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
