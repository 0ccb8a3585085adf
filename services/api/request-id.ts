const SANE = /^[A-Za-z0-9_-]{1,64}$/;

/** A client's own `X-Request-ID`, if it can safely stand in headers and logs. */
export function saneRequestId(header: string | string[] | undefined): string | null {
  return typeof header === "string" && SANE.test(header) ? header : null;
}
