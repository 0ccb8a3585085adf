import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Context } from "moleculer";
import { type CallMeta, call } from "../../contracts/call.ts";
import { fail, failField } from "../../contracts/errors.ts";
import type { Caller, Upload } from "../../contracts/objects.ts";
import type { ObjectStore } from "../../lib/object-store/object-store.ts";
import { hasBody } from "./body.ts";
import type { Source } from "./coerce.ts";
import { parsePairs } from "./form.ts";
import { allowSlowBody } from "./patience.ts";
import { receiveUpload } from "./upload.ts";

/** The file that an endpoint takes, as a part of a multipart body. */
export interface UploadPart {
  /** Name of the part. */
  part: string;
  kind: "image" | "video";
  /** What it is, for the API's description. */
  note: string;
}

export interface UploadDeskOptions {
  store: ObjectStore;
  maxBytes: Readonly<Record<UploadPart["kind"], number>>;
  /** Uploads at a time. */
  capacity(): number;
  /** Told when a file could not be removed; clean-up will. */
  report(error: unknown, object: string): void;
}

/** What the desk asks of who runs the endpoint. */
export interface Visit<T> {
  /**
   * Finds out who calls. Before the whole body is there (`complete` is false) a token may be missing
   * that comes later; one that is there and wrong refuses the upload before it begins.
   */
  identify(sources: readonly Source[], complete: boolean): Promise<Caller | null>;
  /** May refuse so many bytes more of a caller, before they are taken in. */
  admit(caller: Caller, bytes: number): Promise<void>;
  /** Carries the request out; the file is gone when this is done, unless it was moved. */
  use(sources: readonly Source[], upload: Upload): Promise<T>;
}

/** What is done with a file may take longer than other calls, in ms. */
export const UPLOAD_MS = 120_000;

/** How long those who come while all places are taken should wait, in ms. */
const BUSY_MS = 5_000;

/** Asks the storage service whether an owner may keep so much more. @throws QUOTA_EXCEEDED */
export async function admitted(
  ctx: Context<object, CallMeta>,
  owner: number,
  bytes: number,
): Promise<void> {
  await call(ctx, "storage.admit", { owner, bytes });
}

/** Where files come in: so many at a time, each straight into the object store. */
export class UploadDesk {
  readonly #options: UploadDeskOptions;
  #busy = 0;

  constructor(options: UploadDeskOptions) {
    this.#options = options;
  }

  /**
   * Takes a request whose body holds a file, and removes the file when the request is done.
   *
   * @throws UNAVAILABLE when all places are taken; what {@link receiveUpload} throws; BAD_REQUEST when
   *   there is no file; what `visit` throws
   */
  async take<T>(
    req: IncomingMessage & { query: string },
    part: UploadPart,
    visit: Visit<T>,
  ): Promise<T> {
    if (this.#busy >= this.#options.capacity()) fail("UNAVAILABLE", { retry_after_ms: BUSY_MS });
    this.#busy++;
    try {
      return await this.#serve(req, part, visit);
    } finally {
      this.#busy--;
    }
  }

  async #serve<T>(
    req: IncomingMessage & { query: string },
    { part, kind }: UploadPart,
    visit: Visit<T>,
  ): Promise<T> {
    const { store, maxBytes, report } = this.#options;
    const query: Source[] = req.query === "" ? [] : [parsePairs(req.query, "query")];
    let admitted = false;
    const admit = async (sources: readonly Source[]): Promise<void> => {
      const caller = await visit.identify(sources, false);
      if (caller === null || admitted) return;
      admitted = true;
      // Images become smaller than they come; only what is kept of them counts.
      if (kind === "video") await visit.admit(caller, Number(req.headers["content-length"] ?? 0));
    };
    await admit(query);
    const object = `incoming/${randomUUID()}`;
    const received = hasBody(req.headers)
      ? await allowSlowBody(req, () =>
          receiveUpload(req, {
            part,
            maxBytes: maxBytes[kind],
            store,
            object,
            admit: (fields) => admit([...query, fields]),
          }),
        )
      : { fields: [], upload: null };
    try {
      const sources = [...query, received.fields];
      await visit.identify(sources, true);
      return await visit.use(sources, received.upload ?? failField(part, "is missing"));
    } finally {
      if (received.upload !== null)
        await store.remove(object).catch((error: unknown) => report(error, object));
    }
  }
}
