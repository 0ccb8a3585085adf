const SCHEMES = ["mysql", "mariadb", "mysqls"];

/**
 * Checks a URL such as `mysql://user:password@host:3306/database`, or `mysqls://` with TLS. Special
 * characters of a user name or password are percent-encoded.
 *
 * @throws RangeError with half a sentence that fits behind the variable's name and shows nothing secret
 */
export function checkDatabaseUrl(text: string): void {
  const scheme = /^([a-z]+):\/\//i.exec(text)?.[1]?.toLowerCase() ?? "";
  if (!SCHEMES.includes(scheme))
    wrong(`must be a URL beginning with ${SCHEMES.map((name) => `${name}://`).join(" or ")}`);
  const url = URL.parse(text);
  if (url === null || url.hostname === "" || url.hostname.includes(","))
    wrong("must name one server as host or host:port");
  if (!/^\/[^/]+$/.test(url.pathname)) wrong("must name one database behind the server");
  // Options there would be put over ours, TLS among them.
  if (url.search !== "" || url.hash !== "") wrong("has something behind the name of the database");
  for (const part of [url.username, url.password, url.pathname])
    if (!isEncoded(part)) wrong("must have % in a user name or password written as %25");
}

/** The URLs of several servers, separated by commas; each is checked. */
export function databaseUrls(text: string): string[] {
  const urls = text.split(",").map((url) => url.trim());
  for (const url of urls) checkDatabaseUrl(url);
  return urls;
}

function isEncoded(part: string): boolean {
  try {
    decodeURIComponent(part);
    return true;
  } catch {
    return false;
  }
}

function wrong(problem: string): never {
  throw new RangeError(problem);
}
