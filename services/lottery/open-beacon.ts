import { type Beacon, noBeacon } from "./beacon.ts";
import { DrandBeacon, quicknet } from "./drand.ts";

/** @param drandUrl relays, comma separated, as `DRAND_URL` has them; null: no beacon */
export function openBeacon(drandUrl: string | null): Beacon {
  if (drandUrl === null) return noBeacon;
  return new DrandBeacon({ relays: drandUrl.split(",").map((url) => url.trim()), chain: quicknet });
}
