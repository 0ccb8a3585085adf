/** Where an S3 bucket is, and how to sign in. */
export interface S3Address {
  /** Null: AWS itself, by its region. */
  endpoint: string | null;
  bucket: string;
  /** Comes before every key: empty, or ending with a slash. */
  prefix: string;
  region: string;
  /** Null: what the AWS SDK finds by itself (its environment variables, the machine's role). */
  credentials: { accessKeyId: string; secretAccessKey: string } | null;
  /** The bucket is named in the path instead of the host name. */
  pathStyle: boolean;
}

const OPTIONS: readonly string[] = ["region", "path_style"];
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const REGION = /^[a-z0-9-]{1,40}$/i;
const PREFIX = /^(?:[A-Za-z0-9][A-Za-z0-9._-]*\/)*$/;

/**
 * Reads a URL such as
 *
 *     https://ACCESS:SECRET@cos.ap-guangzhou.myqcloud.com/bucket?region=ap-guangzhou&path_style=0
 *     http://ACCESS:SECRET@127.0.0.1:9000/bucket/folder
 *     s3://ACCESS:SECRET@bucket/folder?region=eu-central-1     AWS; the credentials may be left out
 *
 * Special characters of the credentials are percent-encoded. Without `path_style` a server given by
 * its address is asked with the bucket in the path, AWS with the bucket in the host name.
 *
 * @throws RangeError with half a sentence that fits behind the variable's name and shows nothing secret
 */
export function parseS3Url(text: string): S3Address {
  const scheme = /^(s3|https?):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) wrong("must begin with http://, https:// or s3://");
  // Node reads what it does not know in other ways than http: hence one scheme for all.
  const url = URL.parse(text.replace(/^[a-z0-9]+:/i, scheme === "http" ? "http:" : "https:"));
  if (url === null || url.hash !== "") wrong("is not a URL; special characters are written as %40");
  for (const name of url.searchParams.keys())
    if (!OPTIONS.includes(name)) wrong(`has an option that is not known: ${name.slice(0, 40)}`);

  const aws = scheme === "s3";
  if (aws && url.port !== "") wrong("has a port, which s3:// cannot have");
  const path = url.pathname.slice(1);
  const slash = path.indexOf("/");
  const first = slash === -1 ? path : path.slice(0, slash);
  const bucket = aws ? url.hostname : first;
  const rest = aws ? path : path.slice(first.length + 1);
  if (!BUCKET.test(bucket))
    wrong(
      aws ? "must name a bucket: s3://bucket" : "must name a bucket: http://…@host:port/bucket",
    );
  const prefix = rest === "" || rest.endsWith("/") ? rest : `${rest}/`;
  if (!PREFIX.test(prefix)) wrong("has a folder of other than letters, digits, dots, - and _");

  const region = url.searchParams.get("region") ?? "us-east-1";
  if (!REGION.test(region)) wrong("has a region of other than letters, digits and -");
  return {
    endpoint: aws ? null : url.origin,
    bucket,
    prefix,
    region,
    credentials: credentialsOf(url, aws),
    pathStyle: flag(url.searchParams.get("path_style")) ?? !aws,
  };
}

function credentialsOf({ username, password }: URL, optional: boolean): S3Address["credentials"] {
  if (username === "" && password === "" && optional) return null;
  if (username === "" || password === "")
    wrong("must hold an access key and a secret: http://ACCESS:SECRET@…");
  try {
    return {
      accessKeyId: decodeURIComponent(username),
      secretAccessKey: decodeURIComponent(password),
    };
  } catch {
    return wrong("must have % in its credentials written as %25");
  }
}

function flag(value: string | null): boolean | null {
  if (value === null) return null;
  if (value === "1" || value === "true") return true;
  if (value === "0" || value === "false") return false;
  return wrong("must have 1 or 0 as path_style");
}

function wrong(problem: string): never {
  throw new RangeError(problem);
}
