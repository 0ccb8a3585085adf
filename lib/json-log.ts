import type { LoggerOptions } from "pino";

/**
 * Options for pino under Moleculer's loggers, which are called with a message first and its fields
 * after it. Pino wants the fields first, and drops what comes after a message.
 */
export const jsonLog: LoggerOptions = {
  hooks: {
    logMethod(args: unknown[], log) {
      log.apply(this, fieldsFirst(args));
    },
  },
};

/** Joins the words of a log call to one message, and its objects to one set of fields. */
export function fieldsFirst(args: readonly unknown[]): [fields: object, message: string] {
  const words: string[] = [];
  const fields: Record<string, unknown> = {};
  for (const arg of args) {
    if (arg instanceof Error) fields.err = arg;
    else if (typeof arg === "object" && arg !== null) Object.assign(fields, arg);
    else words.push(String(arg));
  }
  return [fields, words.join(" ")];
}
