import { after } from "node:test";
import { openDatabase } from "../../../lib/database/connect.ts";
import { readEnv } from "../../../lib/env.ts";
import { type ApiClient, type ApiRequest, openApi } from "../../support/api-client.ts";
import { type ConfigPart, startServer } from "../../support/server.ts";

/** One server for all areas: they run one after the other in the process of douyin.test.ts. */
export const scope = { after };

export const generous = {
  gateway: { sign_in_rate: 10_000, sign_in_burst: 10_000 },
  words: { refuse: ["unspeakable"], mask: ["darn"] },
} satisfies ConfigPart;

export const server = await startServer(scope, { config: generous, env: { DRAIN_SECONDS: "1" } });
export const api: ApiClient = await openApi(scope, server.url);

export interface Member {
  user_id: number;
  token: string;
  username: string;
  password: string;
}

let members = 0;

/** A new account that is signed in. */
export async function newMember(username = `member ${++members}`): Promise<Member> {
  const password = "a secret";
  const json = { username, password };
  const session = await api.ok<{ user_id: number; token: string }>("POST /douyin/user/register/", {
    json,
  });
  return { ...session, username, password };
}

/** One follows the other, or with 2 no longer. */
export async function follow(who: Member, whom: Member, action_type = 1): Promise<void> {
  const query = { to_user_id: whom.user_id, action_type };
  await api.ok("POST /douyin/relation/action/", { token: who.token, query });
}

/** One writes to the other. */
export async function say(from: Member, to: Member, content: string): Promise<void> {
  const query = { token: from.token, to_user_id: to.user_id, action_type: 1, content };
  await api.ok("POST /douyin/message/action/", { query });
}

/** Where parameters may be, and how they are sent there; in the last one they are in both. */
export const placements: Record<string, (fields: Record<string, unknown>) => ApiRequest> = {
  query: (fields) => ({ query: fields }),
  form: (fields) => ({ form: fields }),
  multipart: (fields) => ({ multipart: fields }),
  json: (fields) => ({ json: fields }),
  "query and form": (fields) => ({ query: fields, form: fields }),
  "query and json": (fields) => ({ query: fields, json: fields }),
};

/** An operation in both spellings of its path. */
export function spellings(operation: string): string[] {
  return [operation, operation.replace(/\/$/, "")];
}

/**
 * Calls an operation in every placement of its parameters, with and without the slash at the end of
 * its path, and holds each answer against the one declaration; answers the fields of all.
 */
export async function everyWay<T>(
  operation: string,
  fields: (way: string) => Record<string, unknown> | Promise<Record<string, unknown>>,
): Promise<T[]> {
  const answers: T[] = [];
  for (const spelling of spellings(operation))
    for (const [placement, request] of Object.entries(placements)) {
      const sent = request(await fields(`${placement} ${spelling.endsWith("/") ? "/" : ""}`));
      const answer = await api.send(spelling, sent);
      api.judge(operation, answer);
      if (answer.code !== 0) throw new Error(`${spelling} by ${placement}: ${answer.text}`);
      const { status_code: _, status_msg: __, ...rest } = answer.json ?? {};
      answers.push(rest as T);
    }
  return answers;
}

/** Works on the server's database from outside. */
export async function inDatabase(sql: string, replacements: unknown[]): Promise<void> {
  const database = openDatabase(readEnv({ DATA_DIR: server.dataDir }));
  await database.query(sql, { replacements });
  await database.close();
}

/** An id that nobody has: ids are made of the time, and this one is of 2024. */
export const NOBODY = 4_096;

export const bystander = await newMember("a bystander");
