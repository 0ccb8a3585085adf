import type { ActionParams } from "moleculer";
import { params } from "../../contracts/params.ts";
import { type Fields, fieldsOf } from "./coerce.ts";
import type { DouyinRoute } from "./douyin/route.ts";
import { MEDIA_PATH } from "./media.ts";
import { type ActionRoute, MEDIA_ROUTE, type PageRoute, type Route } from "./route.ts";

/** An endpoint with what its requests need, worked out once. */
export type Endpoint =
  | { kind: "action"; route: ActionRoute; fields: Fields }
  | { kind: "page"; route: PageRoute }
  | { kind: "douyin"; route: DouyinRoute; fields: Fields };

/** Finds endpoints by method and path; all paths are literal, but for those of stored objects. */
export class RouteTable {
  private readonly endpoints = new Map<string, Endpoint>();
  private readonly methods = new Map<string, string[]>();

  constructor(routes: readonly Route[], douyin: readonly DouyinRoute[] = []) {
    for (const route of routes) {
      this.add(
        route,
        "action" in route
          ? { kind: "action", route, fields: acceptedFields(params[route.action]) }
          : { kind: "page", route },
      );
    }
    for (const route of douyin) {
      const endpoint: Endpoint = { kind: "douyin", route, fields: fieldsOf(route.params) };
      this.add(route, endpoint);
      this.add({ ...route, path: route.path.slice(0, -1) }, endpoint);
    }
  }

  find(method: string, path: string): Endpoint | undefined {
    return this.endpoints.get(`${method} ${this.placeOf(path)}`);
  }

  /** Methods that a path answers; empty for a path that there is not. */
  methodsOf(path: string): readonly string[] {
    return this.methods.get(this.placeOf(path)) ?? [];
  }

  /** The path as it stands in the table: that of a stored object stands for all of them. */
  private placeOf(path: string): string {
    return path.startsWith(MEDIA_PATH) ? MEDIA_ROUTE : path;
  }

  private add(route: Place, endpoint: Endpoint): void {
    this.put(route.method, route.path, endpoint);
    // A stream has no end, so there is nothing a HEAD request could tell about it.
    if (route.method === "GET" && route.reply !== "stream") this.put("HEAD", route.path, endpoint);
  }

  private put(method: string, path: string, endpoint: Endpoint): void {
    this.endpoints.set(`${method} ${path}`, endpoint);
    const known = this.methods.get(path);
    if (known === undefined) this.methods.set(path, [method]);
    else known.push(method);
  }
}

/** Where an endpoint is, and whether its answer ends. */
interface Place {
  method: string;
  path: string;
  reply?: string;
}

/** In the live dialect every endpoint also takes the token as a parameter, for clients that cannot set headers. */
function acceptedFields(validator: ActionParams): Fields {
  const fields = new Map([...fieldsOf(validator), ["token", "text"] as const]);
  // Only the gateway itself may say that a file has come.
  fields.delete("upload");
  return fields;
}
