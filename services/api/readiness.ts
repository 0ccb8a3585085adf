import type { Route } from "./routes.ts";

/** The services behind a route table, by name; the gateway itself is not one of them. */
export function neededServices(routes: readonly Route[]): string[] {
  const names = routes.flatMap((route) => ("action" in route ? [serviceOf(route.action)] : []));
  return [...new Set(names)].filter((name) => name !== "api").sort();
}

function serviceOf(action: string): string {
  return action.slice(0, action.indexOf("."));
}

export interface Readiness {
  ready: boolean;
  /** Whether each needed service can be reached. */
  services: Record<string, boolean>;
}

/** Whether requests can be served; not while the gateway is being stopped. */
export function readiness(
  needed: readonly string[],
  available: ReadonlySet<string>,
  draining: boolean,
): Readiness {
  const services = Object.fromEntries(needed.map((name) => [name, available.has(name)]));
  return { ready: !draining && Object.values(services).every(Boolean), services };
}
