import { douyinStatus, type ErrorData, type ErrorName, errors } from "../../contracts/errors.ts";
import { refusal } from "./douyin/envelope.ts";

/** How errors are said to the clients of one dialect. */
export interface Dialect<Body extends object = object> {
  status(name: ErrorName): number;
  body(name: ErrorName, data: ErrorData | null): Body;
}

/** An error in the live dialect. */
export interface LiveRefusal {
  base_resp: { status_code: number; status_msg: string };
  data: ErrorData | null;
}

export const liveDialect: Dialect<LiveRefusal> = {
  status: (name) => errors[name].status,
  body: (name, data) => {
    const { live, message } = errors[name];
    return { base_resp: { status_code: live, status_msg: message }, data };
  },
};

export const douyinDialect: Dialect = { status: douyinStatus, body: refusal };

/** The dialect that a path belongs to. */
export function dialectOf(path: string): Dialect {
  return path === "/douyin" || path.startsWith("/douyin/") ? douyinDialect : liveDialect;
}
