import { DatabaseError, type QueryInterface } from "sequelize";

/** What a step does that cannot be done twice, and what MySQL and MariaDB then say. */
const DONE_BEFORE: Readonly<Record<string, readonly string[]>> = {
  createTable: ["ER_TABLE_EXISTS_ERROR"],
  addColumn: ["ER_DUP_FIELDNAME"],
  addIndex: ["ER_DUP_KEYNAME"],
  addConstraint: ["ER_DUP_KEYNAME", "ER_FK_DUP_NAME", "ER_DUP_CONSTRAINT_NAME"],
  removeColumn: ["ER_CANT_DROP_FIELD_OR_KEY"],
  removeIndex: ["ER_CANT_DROP_FIELD_OR_KEY"],
  removeConstraint: ["ER_CANT_DROP_FIELD_OR_KEY"],
  dropTable: ["ER_BAD_TABLE_ERROR"],
};

/**
 * The query interface for steps that may have been cut short: MySQL and MariaDB commit each change
 * of a schema by itself, so a node that dies leaves a step half done, and the next one begins it
 * again. What is there already then counts as done.
 */
export function overHalfDone(query: QueryInterface): QueryInterface {
  return new Proxy(query, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      const codes = DONE_BEFORE[name as string];
      if (typeof value !== "function" || codes === undefined) return value;
      return async (...args: unknown[]) => {
        try {
          return await value.apply(target, args);
        } catch (error) {
          if (!codes.includes(codeOf(error))) throw error;
        }
      };
    },
  });
}

function codeOf(error: unknown): string {
  if (!(error instanceof DatabaseError)) return "";
  return `${(error.parent as { code?: unknown }).code}`;
}
