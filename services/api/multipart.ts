import { Busboy, type BusboyHeaders } from "@fastify/busboy";
import { fail, failField, ProductError } from "../../contracts/errors.ts";
import { MAX_PAIRS, type Pair } from "./form.ts";

/**
 * The fields of a small multipart/form-data body that was read already; files in it are ignored.
 *
 * @throws BAD_REQUEST when it is cut or broken, or has more than {@link MAX_PAIRS} fields;
 *   UNSUPPORTED_MEDIA_TYPE when its type names no boundary
 */
export async function parseMultipart(body: Buffer, contentType: string): Promise<Pair[]> {
  const pairs: Pair[] = [];
  const parser = openParser(contentType, body.length);
  const parsed = new Promise<void>((resolve, reject) => {
    parser.on("field", (name: string, value: string) => pairs.push([name, value]));
    parser.on("file", (_name: string, file: NodeJS.ReadableStream) => {
      // A form that is cut inside a file says so here too, where nobody listening ends the process.
      file.on("error", () => {}).resume();
    });
    const tooMany = { field: "body", problem: `has more than ${MAX_PAIRS} parameters` };
    const refuse = (problem: { field: string; problem: string }) =>
      reject(new ProductError("BAD_REQUEST", { fields: [problem] }));
    for (const limit of ["fieldsLimit", "partsLimit"]) parser.on(limit, () => refuse(tooMany));
    parser.on("error", () => refuse({ field: "body", problem: "is no multipart form" }));
    parser.on("finish", resolve);
  });
  parser.end(body);
  await parsed;
  for (const [, value] of pairs)
    if (value.includes("\ufffd") && !body.includes("\ufffd")) failField("body", "is not UTF-8");
  return pairs;
}

function openParser(contentType: string, size: number): InstanceType<typeof Busboy> {
  const headers: BusboyHeaders = { "content-type": contentType };
  const limits = { fieldNameSize: size, fieldSize: size, fields: MAX_PAIRS, parts: MAX_PAIRS + 1 };
  try {
    return new Busboy({ headers, limits });
  } catch {
    return fail("UNSUPPORTED_MEDIA_TYPE");
  }
}

export function isMultipart(contentType: string | undefined): contentType is string {
  return /^\s*multipart\/form-data\b/i.test(contentType ?? "");
}
