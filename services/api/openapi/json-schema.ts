/** A JSON Schema (2020-12), as OpenAPI 3.1 uses it. */
export interface Schema {
  readonly [keyword: string]: unknown;
}

/** An object with these properties, all of them required unless their names end in `?`. */
export function object(properties: Record<string, Schema>, description?: string): Schema {
  const names = Object.keys(properties);
  const required = names.filter((name) => !name.endsWith("?"));
  return {
    type: "object",
    ...(description === undefined ? {} : { description }),
    properties: Object.fromEntries(
      names.map((name) => [name.replace(/\?$/, ""), properties[name] as Schema]),
    ),
    ...(required.length > 0 ? { required } : {}),
  };
}

/** A schema with a sentence on what it stands for. */
export const described = (schema: Schema, description: string): Schema => ({
  ...schema,
  description,
});
