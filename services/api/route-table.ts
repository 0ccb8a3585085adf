import { params } from "../../contracts/params.ts";
import { type Fields, fieldsOf } from "./coerce.ts";
import type { ActionRoute, PageRoute, Route } from "./routes.ts";

/** An endpoint with what its requests need, worked out once. */
export type Endpoint = { route: ActionRoute; fields: Fields } | { route: PageRoute; fields: null };

/** Finds endpoints by method and path; all paths are literal. */
export class RouteTable {
  private readonly endpoints = new Map<string, Endpoint>();
  private readonly methods = new Map<string, string[]>();

  constructor(routes: readonly Route[]) {
    for (const route of routes) {
      const endpoint: Endpoint =
        "action" in route ? { route, fields: acceptedFields(route) } : { route, fields: null };
      this.add(route.method, route.path, endpoint);
      // A stream has no end, so there is nothing a HEAD request could tell about it.
      const isStream = "action" in route && route.reply === "stream";
      if (route.method === "GET" && !isStream) this.add("HEAD", route.path, endpoint);
    }
  }

  find(method: string, path: string): Endpoint | undefined {
    return this.endpoints.get(`${method} ${path}`);
  }

  /** Methods that a path answers; empty for a path that there is not. */
  methodsOf(path: string): readonly string[] {
    return this.methods.get(path) ?? [];
  }

  private add(method: string, path: string, endpoint: Endpoint): void {
    this.endpoints.set(`${method} ${path}`, endpoint);
    const known = this.methods.get(path);
    if (known === undefined) this.methods.set(path, [method]);
    else known.push(method);
  }
}

/** Every endpoint also takes the token as a parameter, for clients that cannot set headers. */
function acceptedFields(route: ActionRoute): Fields {
  return new Map([...fieldsOf(params[route.action]), ["token", "text"]]);
}
