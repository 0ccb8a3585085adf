import { type ErrorName, errors } from "../../contracts/errors.ts";
import type { NewGift } from "../../contracts/lottery.ts";
import type { DanmakuStyle, MessageData, Room, Session } from "../../contracts/objects.ts";

/** The server answered with an error of its registry. */
export class ApiError extends Error {
  readonly status: number;
  /** The dialect's status_code; see contracts/errors.ts. */
  readonly code: number;
  readonly data: Record<string, unknown> | null;
  /** From the header `Retry-After`; null without one. */
  readonly retryAfterMs: number | null;

  constructor(status: number, body: Envelope, retryAfterMs: number | null) {
    super(`${body.base_resp.status_msg} (${body.base_resp.status_code})`);
    this.name = "ApiError";
    this.status = status;
    this.code = body.base_resp.status_code;
    this.data = body.data ?? null;
    this.retryAfterMs = retryAfterMs;
  }

  is(name: ErrorName): boolean {
    return this.code === errors[name].live;
  }
}

/** Nobody answers at that address, or somebody who does not speak the live dialect. */
export class UnreachableError extends Error {
  constructor(base: string, why: string) {
    super(`No molimoli server answers at ${base} (${why}).`);
    this.name = "UnreachableError";
  }
}

interface Envelope {
  base_resp: { status_code: number; status_msg: string };
  data?: Record<string, unknown> | null;
}

/** What is said in a room. */
export interface Said {
  type: 0 | 1 | 2;
  content: string;
  style?: DanmakuStyle;
  data?: MessageData;
}

interface RequestOptions {
  params?: object;
  /** Instead of `params`, where there is a file. */
  form?: FormData;
  token?: string;
  signal?: AbortSignal | undefined;
}

/** The live dialect over fetch, as far as the scripts need it. */
export class LiveApi {
  /** Without a slash at its end. */
  readonly base: string;

  constructor(base: string) {
    this.base = base.replace(/\/+$/, "");
  }

  /** True when the server is ready for requests. */
  async isReady(signal?: AbortSignal): Promise<boolean> {
    try {
      await this.request("GET", "/health/ready", { signal });
      return true;
    } catch (error) {
      if (error instanceof ApiError || error instanceof UnreachableError) return false;
      throw error;
    }
  }

  register(username: string, password: string, signal?: AbortSignal): Promise<Session> {
    return this.request("POST", "/register", { params: { username, password }, signal });
  }

  login(username: string, password: string, signal?: AbortSignal): Promise<Session> {
    return this.request("POST", "/login", { params: { username, password }, signal });
  }

  refresh(refresh_token: string, signal?: AbortSignal): Promise<Session> {
    return this.request("POST", "/token/refresh", { params: { refresh_token }, signal });
  }

  async setAvatar(token: string, image: Buffer, signal?: AbortSignal): Promise<void> {
    const form = new FormData();
    form.set("avatar", new Blob([image as Uint8Array<ArrayBuffer>]), "portrait.png");
    await this.request("POST", "/user/avatar", { form, token, signal });
  }

  openRoom(
    token: string,
    room: { room_name: string; description: string },
    signal?: AbortSignal,
  ): Promise<{ live_id: number; key: string }> {
    return this.request("POST", "/room/live", { params: room, token, signal });
  }

  async room(live_id: number, signal?: AbortSignal): Promise<Room> {
    const path = `/room/live/single?live_id=${live_id}`;
    return (await this.request<{ room: Room }>("GET", path, { signal })).room;
  }

  /** Rooms that are live now, most watched first. */
  rooms(
    page: { offset: number; limit: number },
    signal?: AbortSignal,
  ): Promise<{ rooms: Room[]; total: number }> {
    const path = `/room/live/list?offset=${page.offset}&limit=${page.limit}`;
    return this.request("GET", path, { signal });
  }

  async send(token: string, live_id: number, said: Said, signal?: AbortSignal): Promise<number> {
    const params = { live_id, ...said };
    const options = { params, token, signal };
    return (await this.request<{ id: number }>("POST", "/message/live", options)).id;
  }

  /** Holds a lottery in one's room; `keyword` null: people join by {@link joinLottery}. */
  async holdLottery(
    token: string,
    gift: NewGift,
    keyword: string | null,
    signal?: AbortSignal,
  ): Promise<number> {
    const condition = keyword === null ? {} : { condition: { kind: "keyword", value: keyword } };
    const options = { params: { gift, ...condition }, token, signal };
    return (await this.request<{ id: number }>("POST", "/lottery", options)).id;
  }

  async joinLottery(token: string, lottery_id: number, signal?: AbortSignal): Promise<void> {
    await this.request("POST", "/lottery/entry", { params: { lottery_id }, token, signal });
  }

  /** @throws ApiError, UnreachableError, or the signal's reason */
  private async request<T>(method: string, path: string, options: RequestOptions): Promise<T> {
    const { params, form, token, signal } = options;
    const headers = new Headers();
    if (token !== undefined) headers.set("Authorization", `Bearer ${token}`);
    if (params !== undefined) headers.set("Content-Type", "application/json");
    const response = await reach(this.base, path, {
      method,
      headers,
      signal: signal ?? null,
      body: params === undefined ? (form ?? null) : JSON.stringify(params),
    });
    const body = await envelope(response, this.base);
    if (body.base_resp.status_code !== 0) throw apiError(response, body);
    return body as Envelope & T;
  }
}

/** fetch, whose failures name the server. @throws UnreachableError, or the signal's reason */
export async function reach(base: string, path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(base + path, init);
  } catch (error) {
    if (init.signal?.aborted) throw init.signal.reason;
    throw new UnreachableError(base, reasonOf(error));
  }
}

/** The error that an answer which is no success stands for. */
export async function errorOf(response: Response, base: string): Promise<ApiError> {
  return apiError(response, await envelope(response, base));
}

function apiError(response: Response, body: Envelope): ApiError {
  const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
  const retryAfterMs = Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : null;
  return new ApiError(response.status, body, retryAfterMs);
}

async function envelope(response: Response, base: string): Promise<Envelope> {
  try {
    const body = (await response.json()) as Partial<Envelope> | null;
    if (typeof body?.base_resp?.status_code === "number") return body as Envelope;
  } catch {
    // Told below, with all other answers that are none of ours.
  }
  throw new UnreachableError(base, `something else answers there, with HTTP ${response.status}`);
}

/** Why a connection failed, in a few words. */
function reasonOf(error: unknown): string {
  const cause = (error as { cause?: unknown }).cause ?? error;
  const { code, message } = cause as { code?: unknown; message?: unknown };
  switch (code) {
    case "ECONNREFUSED":
      return "connection refused";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "no such host";
    default:
      return String(code ?? message ?? error);
  }
}
