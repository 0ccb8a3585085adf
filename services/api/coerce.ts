import type { ActionParams } from "moleculer";
import { type FieldProblem, ProductError } from "../../contracts/errors.ts";
import { isWithinDepth, MAX_DEPTH } from "./json-depth.ts";

/** What a field's validator makes of text that came by query or form. */
export type Kind = "text" | "number" | "boolean" | "object";

/** The parameters of one endpoint, by name. */
export type Fields = ReadonlyMap<string, Kind>;

/** Parameters from one place (query, form or JSON body), in the order they came. */
export type Source = Iterable<readonly [name: string, value: unknown]>;

/** More problems than this are not listed. */
const MAX_PROBLEMS = 20;
const MAX_NAME = 64;

/** Whole numbers as people write them: no leading zeros, no exponent, no spaces; up to 16 digits. */
const DIGITS = /^(?:0|-?[1-9]\d{0,15})$/;

/** What contracts/params.ts says about an action's parameters, as the gateway needs it. */
export function fieldsOf(validator: ActionParams): Fields {
  const fields = new Map<string, Kind>();
  for (const [name, rule] of Object.entries(validator)) {
    if (!name.startsWith("$$")) fields.set(name, kindOf(rule));
  }
  return fields;
}

function kindOf(rule: unknown): Kind {
  const { type, values } = rule as { type?: unknown; values?: unknown };
  if (type === "number" || type === "boolean" || type === "object") return type;
  if (type === "enum" && Array.isArray(values) && values.every((v) => typeof v === "number"))
    return "number";
  return "text";
}

/**
 * Merges the parameters of a request and gives them the types their validators ask for. Only text is
 * converted, and only digits to a number, `true` and `false` to a boolean, JSON text to an object;
 * what does not fit stays as it is, so that the validator names the field. `null` counts as absent.
 *
 * A name may come in the query and in the body when both say the same.
 *
 * @throws BAD_REQUEST that names the fields which the endpoint does not know, which are repeated, or
 *   which contradict each other
 */
export function coerceParams(fields: Fields, ...sources: Source[]): Record<string, unknown> {
  const params: Record<string, unknown> = {};
  const problems: FieldProblem[] = [];
  for (const source of sources) {
    const seen = new Set<string>();
    for (const [name, raw] of source) {
      const kind = fields.get(name);
      if (kind === undefined) {
        problems.push({ field: name.slice(0, MAX_NAME), problem: "is not a parameter here" });
      } else if (seen.has(name)) {
        problems.push({ field: name, problem: "is given more than once" });
      } else if (raw !== null) {
        seen.add(name);
        const value = coerce(kind, raw);
        if (!Object.hasOwn(params, name)) params[name] = value;
        else if (JSON.stringify(params[name]) !== JSON.stringify(value))
          problems.push({ field: name, problem: "differs between the query and the body" });
      }
      if (problems.length >= MAX_PROBLEMS) break;
    }
  }
  if (problems.length > 0) throw new ProductError("BAD_REQUEST", { fields: problems });
  return params;
}

/** Text as a field of that kind has it; what does not fit stays as it is. */
export function coerce(kind: Kind, value: unknown): unknown {
  if (typeof value !== "string" || kind === "text") return value;
  if (kind === "number") {
    const number = DIGITS.test(value) ? Number(value) : Number.NaN;
    return Number.isSafeInteger(number) ? number : value;
  }
  if (kind === "boolean") return value === "true" ? true : value === "false" ? false : value;
  return value.startsWith("{") ? parseObject(value) : value;
}

function parseObject(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return isWithinDepth(value, MAX_DEPTH) ? value : text;
  } catch {
    return text;
  }
}
