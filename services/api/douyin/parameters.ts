import { type FieldProblem, ProductError } from "../../../contracts/errors.ts";
import { coerce, type Fields, type Source } from "../coerce.ts";

/**
 * Merges the parameters of a request for a client that is not strict about them: names that the
 * endpoint does not know are ignored, an empty text stands for no number at all, and where query and
 * body say different things the body counts. The types come from the validators, as in the live dialect.
 *
 * @param sources the later ones count more
 * @throws BAD_REQUEST that names what one and the same place says in two versions
 */
export function mergeParams(fields: Fields, ...sources: Source[]): Record<string, unknown> {
  const params: Record<string, unknown> = {};
  const problems: FieldProblem[] = [];
  for (const source of sources) {
    const here = new Map<string, string>();
    for (const [name, raw] of source) {
      const kind = fields.get(name);
      if (kind === undefined || raw === null || (raw === "" && kind !== "text")) continue;
      const value = coerce(kind, raw);
      const said = JSON.stringify(value);
      if ((here.get(name) ?? said) !== said && !problems.some(({ field }) => field === name))
        problems.push({ field: name, problem: "is given more than once" });
      here.set(name, said);
      params[name] = value;
    }
  }
  if (problems.length > 0) throw new ProductError("BAD_REQUEST", { fields: problems });
  return params;
}
