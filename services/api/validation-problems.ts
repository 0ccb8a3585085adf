import type { FieldProblem } from "../../contracts/errors.ts";

/** One finding of fastest-validator, as it sits in a ValidationError's data. */
interface Finding {
  type?: unknown;
  field?: unknown;
  expected?: unknown;
  actual?: unknown;
  message?: unknown;
}

const MAX_PROBLEMS = 20;
const MAX_NAME = 64;

/** What is wrong, by the validator's type of finding; `expected` is the limit or the allowed values. */
const words: Record<string, (expected: unknown) => string> = {
  required: () => "is missing",
  string: () => "must be text",
  stringEmpty: () => "must not be empty",
  stringMin: (min) => `must have at least ${min} characters`,
  stringMax: (max) => `must have at most ${max} characters`,
  stringPattern: () => "does not have the right form",
  number: () => "must be a number",
  numberInteger: () => "must be a whole number",
  numberMin: (min) => `must be at least ${min}`,
  numberMax: (max) => `must be at most ${max}`,
  boolean: () => "must be true or false",
  enumValue: (values) => `must be one of ${values}`,
  object: () => "must be an object",
  array: () => "must be a list",
  arrayMin: (min) => `must have at least ${min} entries`,
  arrayMax: (max) => `must have at most ${max} entries`,
  text: () => "is not acceptable text",
};

/**
 * Says in plain words what a validator found. The values themselves are never repeated: they may be
 * passwords, or huge.
 */
export function fieldProblems(findings: readonly unknown[]): FieldProblem[] {
  const problems: FieldProblem[] = [];
  for (const finding of findings as readonly Finding[]) {
    if (problems.length >= MAX_PROBLEMS) break;
    if (finding.type === "objectStrict") problems.push(...unknownFields(finding));
    else problems.push({ field: nameOf(finding.field), problem: sentence(finding) });
  }
  return problems.slice(0, MAX_PROBLEMS);
}

function sentence({ type, expected, message }: Finding): string {
  // A custom rule of contracts/params.ts brings its own words.
  if (type === "text" && typeof message === "string") return message;
  return words[String(type)]?.(expected) ?? "is not valid";
}

function unknownFields({ field, actual }: Finding): FieldProblem[] {
  const inside = field === undefined || field === null ? "" : `${nameOf(field)}.`;
  return String(actual)
    .split(", ")
    .map((name) => ({
      field: inside + name.slice(0, MAX_NAME),
      problem: "is not a parameter here",
    }));
}

function nameOf(field: unknown): string {
  return typeof field === "string" ? field.slice(0, MAX_NAME) : "body";
}
