import type { ActionParams } from "moleculer";
import type { ActionName } from "../../../contracts/actions.ts";
import { params } from "../../../contracts/params.ts";
import { noteOn } from "./field-notes.ts";
import type { Schema } from "./schemas.ts";

/** A rule of fastest-validator, as far as contracts/params.ts uses it. */
interface Rule {
  type: string;
  optional?: boolean;
  min?: number;
  max?: number;
  integer?: boolean;
  pattern?: RegExp;
  values?: unknown[];
  props?: Record<string, Rule>;
  items?: Rule;
}

export interface Parameter {
  name: string;
  required: boolean;
  schema: Schema;
}

/** The parameters of an action, translated from its validator. */
export function parametersOf(action: ActionName): Parameter[] {
  return parametersIn(params[action], (name) => noteOn(action, name));
}

/** The same for any validator; `note` says what a parameter means, or null. */
export function parametersIn(
  validator: ActionParams,
  note: (name: string) => string | null,
): Parameter[] {
  return Object.entries(validator)
    .filter(([name]) => !name.startsWith("$$"))
    .map(([name, rule]) => parameter(name, rule as unknown as Rule, note(name)));
}

function parameter(name: string, rule: Rule, description: string | null): Parameter {
  return {
    name,
    required: rule.optional !== true,
    schema: { ...schemaOf(rule), ...(description === null ? {} : { description }) },
  };
}

/** A validator's rule as JSON Schema. */
export function schemaOf(rule: Rule): Schema {
  switch (rule.type) {
    case "number":
      return {
        type: rule.integer ? "integer" : "number",
        ...present({ minimum: rule.min, maximum: rule.max }),
      };
    case "string":
      return {
        type: "string",
        ...present({ minLength: rule.min, maxLength: rule.max, pattern: rule.pattern?.source }),
      };
    case "boolean":
      return { type: "boolean" };
    case "enum":
      return { enum: rule.values ?? [] };
    case "object": {
      const props = Object.entries(rule.props ?? {});
      const required = props.filter(([, inner]) => inner.optional !== true).map(([name]) => name);
      return {
        type: "object",
        properties: Object.fromEntries(props.map(([name, inner]) => [name, schemaOf(inner)])),
        ...(required.length > 0 ? { required } : {}),
        additionalProperties: false,
      };
    }
    case "array":
      return {
        type: "array",
        ...present({ items: rule.items && schemaOf(rule.items), maxItems: rule.max }),
      };
    default:
      throw new Error(`A "${rule.type}" rule has no translation to JSON Schema yet`);
  }
}

function present(keywords: Record<string, unknown>): Schema {
  return Object.fromEntries(Object.entries(keywords).filter(([, value]) => value !== undefined));
}
