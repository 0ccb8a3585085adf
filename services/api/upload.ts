import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { Busboy, type BusboyHeaders } from "@fastify/busboy";
import { type FieldProblem, fail, ProductError } from "../../contracts/errors.ts";
import type { Upload } from "../../contracts/objects.ts";
import { inBlocks } from "../../lib/object-store/blocks.ts";
import type { ObjectStore, StoredObject } from "../../lib/object-store/object-store.ts";
import { ClientGoneError, MAX_BODY } from "./body.ts";
import { MAX_PAIRS, type Pair } from "./form.ts";
import { isMultipart } from "./multipart.ts";

/** What the body of an upload has to be like, and where its file goes. */
export interface UploadRules {
  /** Name of the part that is the file. */
  part: string;
  /** Bytes of the file. */
  maxBytes: number;
  store: Pick<ObjectStore, "put" | "remove">;
  /** Key under which the file is kept for now. */
  object: string;
  /** Asked when the file begins, with the fields that came before it; may refuse by throwing. */
  admit(fields: readonly Pair[]): Promise<void>;
}

/** What came: the file is in the store, and whoever takes it out of here removes it. */
export interface Received {
  fields: Pair[];
  /** Null when there was no such part. */
  upload: Upload | null;
}

const MAX_FIELD_NAME = 100;
/** What a body has beside its file: fields, and the lines that separate parts. */
const MAX_AROUND_FILE = 2 * MAX_BODY;

/**
 * Reads a multipart body whose file goes straight into the store, in bounded memory: the client is
 * slowed down to what the store takes. A refusal, a client that leaves or a store that fails leave no
 * object behind.
 *
 * @throws UNSUPPORTED_MEDIA_TYPE; PAYLOAD_TOO_LARGE; BAD_REQUEST when the body is broken, has other
 *   files or too many fields; what `admit` or the store throw; ClientGoneError
 */
export async function receiveUpload(req: IncomingMessage, rules: UploadRules): Promise<Received> {
  const { store, object, maxBytes } = rules;
  if (Number(req.headers["content-length"] ?? 0) > maxBytes + MAX_AROUND_FILE) tooLarge(maxBytes);
  const parser = openParser(req, rules);
  const fields: Pair[] = [];
  let file: Readable | undefined;
  let storing: Promise<StoredObject> | undefined;
  const parsed = new Promise<void>((resolve, reject) => {
    const refuse = (field: string, problem: string) => reject(badRequest({ field, problem }));
    parser.on("field", (name: string | undefined, value: string, _: boolean, cut: boolean) => {
      if (cut) refuse(named(name), "is too long");
      else fields.push([named(name), value]);
    });
    parser.on("file", (name: string | undefined, stream: Readable) => {
      // Where nobody reads any more, its error must not be one that nobody handles.
      stream.on("error", () => {});
      if (name !== rules.part) refuse(named(name), "is not a file here");
      else if (file !== undefined) refuse(name, "is given more than once");
      else {
        file = stream;
        stream.on("limit", () => reject(new ProductError("PAYLOAD_TOO_LARGE", limit(maxBytes))));
        storing = rules.admit(fields).then(() => store.put(object, inBlocks(stream)));
        storing.catch(reject);
      }
    });
    for (const event of ["fieldsLimit", "partsLimit"])
      parser.on(event, () => refuse("body", `has more than ${MAX_PAIRS} parameters`));
    parser.on("filesLimit", () => refuse(rules.part, "is given more than once"));
    parser.on("error", () => refuse("body", "is no multipart form"));
    parser.on("finish", resolve);
    req.on("close", () => req.complete || reject(new ClientGoneError()));
    req.on("error", () => reject(new ClientGoneError()));
    req.pipe(parser);
  });
  try {
    await parsed;
    return { fields, upload: storing === undefined ? null : { object, ...(await storing) } };
  } catch (error) {
    // What still comes is thrown away, so that the client, which may still be sending, sees the answer.
    req.unpipe(parser).resume();
    file?.destroy(error as Error);
    await storing?.catch(() => {});
    if (storing !== undefined) await store.remove(object).catch(() => {});
    throw error;
  }
}

function openParser(
  { headers }: IncomingMessage,
  { part, maxBytes }: UploadRules,
): InstanceType<typeof Busboy> {
  if (!isMultipart(headers["content-type"]))
    fail("UNSUPPORTED_MEDIA_TYPE", { supported: ["multipart/form-data"] });
  try {
    return new Busboy({
      headers: headers as BusboyHeaders,
      isPartAFile: (name, _, fileName) => name === part || fileName !== undefined,
      limits: {
        fieldNameSize: MAX_FIELD_NAME,
        fieldSize: MAX_BODY,
        fields: MAX_PAIRS,
        files: 2,
        parts: MAX_PAIRS + 2,
        fileSize: maxBytes,
        headerPairs: 20,
        headerSize: 8 * 1024,
      },
    });
  } catch {
    return fail("UNSUPPORTED_MEDIA_TYPE", { supported: ["multipart/form-data"] });
  }
}

function badRequest(problem: FieldProblem): ProductError {
  return new ProductError("BAD_REQUEST", { fields: [problem] });
}

function tooLarge(maxBytes: number): never {
  throw new ProductError("PAYLOAD_TOO_LARGE", limit(maxBytes));
}

function limit(maxBytes: number) {
  return { max_bytes: maxBytes };
}

function named(name: string | undefined): string {
  return (name ?? "").slice(0, MAX_FIELD_NAME);
}
