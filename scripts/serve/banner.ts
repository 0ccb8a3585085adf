import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { ServiceBroker } from "moleculer";
import type { Env } from "../../lib/env.ts";

/** Where people on this machine reach an address that was listened on. */
export function webAddress(listened: Pick<AddressInfo, "address" | "port">): string {
  return `http://${reachable(listened)}`;
}

/** Where encoders on this machine send video to; null where it is not taken. */
export function rtmpAddress({ host: address, rtmpPort: port }: RtmpEnv): string | null {
  return port === 0 ? null : `rtmp://${reachable({ address, port })}/live`;
}

type RtmpEnv = Pick<Env, "host" | "rtmpPort">;

function reachable({ address, port }: Pick<AddressInfo, "address" | "port">): string {
  const everywhere = address === "0.0.0.0" || address === "::";
  const host = everywhere ? "localhost" : address.includes(":") ? `[${address}]` : address;
  return `${host}:${port}`;
}

/** Where people reach the gateway of a process; null where it has none. */
export function gatewayAddress(broker: ServiceBroker): string | null {
  const api = broker.getLocalService("api") as unknown as { server: Server } | null | undefined;
  return api ? webAddress(api.server.address() as AddressInfo) : null;
}

/** What a person sees when everything runs. */
export function banner(env: Env, version: string, web: string): string {
  const rtmp = rtmpAddress(env);
  const lines = [
    ["Web", `${web}/`],
    ["API docs", `${web}/docs`],
    ...(rtmp === null ? [] : [["RTMP", rtmp]]),
    [
      "Data",
      env.databaseUrl === null ? env.dataDir : `${env.dataDir}, and the database of DATABASE_URL`,
    ],
  ];
  const list = lines.map(([name = "", value]) => `  ${name.padEnd(10)}${value}`).join("\n");
  return `\n  molimoli ${version} is running\n\n${list}\n\n  Ctrl-C stops it.\n`;
}
