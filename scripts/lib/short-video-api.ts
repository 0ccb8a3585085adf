import { type ErrorName, errors } from "../../contracts/errors.ts";
import type {
  DouyinComment,
  DouyinMessage,
  DouyinUser,
  DouyinVideo,
} from "../../contracts/short-video.ts";
import { reach, UnreachableError } from "./live-api.ts";

/** The server refused a request of the short-video dialect. */
export class RefusedError extends Error {
  /** See contracts/errors.ts. */
  readonly code: number;
  /** From the header `Retry-After`; null without one. */
  readonly retryAfterMs: number | null;

  constructor(path: string, code: number, message: string, retryAfterMs: number | null) {
    super(`${path}: ${message} (${code})`);
    this.name = "RefusedError";
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }

  is(name: ErrorName): boolean {
    return this.code === errors[name].douyin;
  }
}

type Fields = Record<string, string | number>;

/** The short-video dialect over fetch, as far as the scripts need it. */
export class ShortVideoApi {
  /** Without a slash at its end. */
  readonly base: string;
  readonly #signal: AbortSignal;

  constructor(base: string, signal: AbortSignal) {
    this.base = base.replace(/\/+$/, "");
    this.#signal = signal;
  }

  async person(token: string, user_id: number): Promise<DouyinUser> {
    return (await this.#get<{ user: DouyinUser }>("user", { token, user_id })).user;
  }

  async published(token: string, user_id: number): Promise<DouyinVideo[]> {
    return (await this.#get<{ video_list: DouyinVideo[] }>("publish/list", { token, user_id }))
      .video_list;
  }

  async publish(token: string, title: string, film: Buffer): Promise<void> {
    const form = new FormData();
    form.set("token", token);
    form.set("title", title);
    form.set("data", new Blob([film], { type: "video/mp4" }), "film.mp4");
    await this.#ask("publish/action", { method: "POST", body: form });
  }

  async liked(token: string, user_id: number): Promise<DouyinVideo[]> {
    return (await this.#get<{ video_list: DouyinVideo[] }>("favorite/list", { token, user_id }))
      .video_list;
  }

  async like(token: string, video_id: number): Promise<void> {
    await this.#post("favorite/action", { token, video_id, action_type: 1 });
  }

  async following(token: string, user_id: number): Promise<{ id: number }[]> {
    return (
      await this.#get<{ user_list: { id: number }[] }>("relation/follow/list", { token, user_id })
    ).user_list;
  }

  async follow(token: string, to_user_id: number): Promise<void> {
    await this.#post("relation/action", { token, to_user_id, action_type: 1 });
  }

  async comments(token: string, video_id: number): Promise<DouyinComment[]> {
    return (await this.#get<{ comment_list: DouyinComment[] }>("comment/list", { token, video_id }))
      .comment_list;
  }

  async comment(token: string, video_id: number, comment_text: string): Promise<void> {
    await this.#post("comment/action", { token, video_id, action_type: 1, comment_text });
  }

  async chat(token: string, to_user_id: number): Promise<DouyinMessage[]> {
    return (
      await this.#get<{ message_list: DouyinMessage[] }>("message/chat", { token, to_user_id })
    ).message_list;
  }

  async write(token: string, to_user_id: number, content: string): Promise<void> {
    await this.#post("message/action", { token, to_user_id, action_type: 1, content });
  }

  #get<T>(path: string, fields: Fields): Promise<T> {
    return this.#ask(`${path}/?${pairs(fields)}`, { method: "GET" });
  }

  #post(path: string, fields: Fields): Promise<object> {
    return this.#ask(`${path}/`, { method: "POST", body: pairs(fields) });
  }

  /** @throws RefusedError, UnreachableError, or the signal's reason */
  async #ask<T>(path: string, init: RequestInit): Promise<T> {
    const response = await reach(this.base, `/douyin/${path}`, { ...init, signal: this.#signal });
    const body = (await response.json().catch(() => null)) as {
      status_code?: unknown;
      status_msg?: unknown;
    } | null;
    if (typeof body?.status_code !== "number")
      throw new UnreachableError(this.base, "what answers is not a molimoli server");
    if (body.status_code === 0) return body as T;
    const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
    const retryAfterMs = Number.isFinite(seconds) ? seconds * 1000 : null;
    const name = (path.split("?", 1)[0] as string).replace(/\/$/, "");
    throw new RefusedError(name, body.status_code, String(body.status_msg), retryAfterMs);
  }
}

function pairs(fields: Fields): URLSearchParams {
  return new URLSearchParams(
    Object.entries(fields).map(([name, value]): [string, string] => [name, String(value)]),
  );
}
