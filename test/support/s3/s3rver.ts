// Runs s3rver as a process of its own, with `--openssl-legacy-provider`: its continuation tokens are
// made with DES, which today's OpenSSL leaves out. It lacks two requests of the protocol, which are
// added here: aborting a multipart upload, and listing those that were never completed.
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

interface KoaContext {
  method: string;
  path: string;
  query: Record<string, string | undefined>;
  status: number;
  type: string;
  body: unknown;
}
type Middleware = (ctx: KoaContext, next: () => Promise<void>) => Promise<void>;
type S3rver = new (
  options: object,
) => { middleware: Middleware[]; run(): Promise<{ port: number }> };

const [directory = "", bucket = ""] = process.argv.slice(2);
const uploads = join(directory, bucket, "._S3rver_uploads");
const server = new (createRequire(import.meta.url)("s3rver") as S3rver)({
  directory,
  address: "127.0.0.1",
  port: 0,
  silent: true,
  configureBuckets: [{ name: bucket }],
});

server.middleware.unshift(async (ctx, next) => {
  const { uploadId } = ctx.query;
  if (ctx.method === "DELETE" && uploadId !== undefined && /^[0-9a-f]+$/.test(uploadId)) {
    rmSync(join(uploads, uploadId), { recursive: true, force: true });
    ctx.status = 204;
  } else if (ctx.method === "GET" && "uploads" in ctx.query) {
    ctx.type = "application/xml";
    ctx.body = `<ListMultipartUploadsResult>${unfinished().join("")}</ListMultipartUploadsResult>`;
  } else await next();
});

function unfinished(): string[] {
  if (!existsSync(uploads)) return [];
  return readdirSync(uploads).map((id) => {
    const key = readFileSync(join(uploads, id, "key"), "utf8");
    const initiated = statSync(join(uploads, id, "key")).mtime.toISOString();
    return `<Upload><Key>${key}</Key><UploadId>${id}</UploadId><Initiated>${initiated}</Initiated></Upload>`;
  });
}

const { port } = await server.run();
console.log(`listening on ${port}`);
