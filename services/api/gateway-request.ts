import type { IncomingMessage } from "node:http";
import type { Context } from "moleculer";
import type { CallMeta } from "../../contracts/call.ts";

/** A request on its way through moleculer-web. */
export interface GatewayRequest extends IncomingMessage {
  /** Without the query, which `query` holds as it came. */
  parsedUrl: string;
  query: string;
  $ctx: Context<object, CallMeta>;
  /** The hub has taken the connection over: nobody else may touch the response. */
  $taken?: boolean;
  /** The actions that this request calls, once they are known. */
  $called?: readonly string[];
}
