import type { DouyinRoute } from "./douyin/route.ts";
import type { Route } from "./route.ts";

/** The services behind the route tables, by name; the gateway itself is not one of them. */
export function neededServices(
  routes: readonly Route[],
  douyin: readonly DouyinRoute[] = [],
): string[] {
  const actions = [
    ...routes.flatMap((route) => ("action" in route ? [route.action] : [])),
    ...douyin.flatMap((route) => route.actions),
  ];
  const names = actions.map(serviceOf);
  // Files are admitted and kept by it.
  if ([...routes, ...douyin].some((route) => "upload" in route)) names.push("storage");
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
