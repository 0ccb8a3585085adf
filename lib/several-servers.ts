/** Parts of URLs that name several servers, separated by commas, each perhaps with credentials. */

/** What is said once or several times, but always the same; null when it is never said. */
export function agreed(what: string, parts: URL[], read: (part: URL) => string): string | null {
  const said = new Set(parts.map(read).filter((value) => value !== ""));
  if (said.size > 1) wrong(`must have the same ${what} for all servers`);
  return said.values().next().value ?? null;
}

/** A percent-encoded text as it was meant; `what` names all that may be one, for the error. */
export function decoded(text: string | null, what: string): string | null {
  try {
    return text === null ? null : decodeURIComponent(text);
  } catch {
    return wrong(`must have % in a ${what} written as %25`);
  }
}

/** Throws a RangeError with half a sentence that fits behind the name of a variable. */
export function wrong(problem: string): never {
  throw new RangeError(problem);
}
