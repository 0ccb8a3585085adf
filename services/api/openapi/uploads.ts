import type { UploadPart } from "../upload-desk.ts";
import { described, object, type Schema } from "./json-schema.ts";
import type { Operation } from "./operation.ts";
import type { Parameter } from "./parameters.ts";

/** The body of an endpoint that takes a file: a multipart form with the parameters and the file. */
export function withFile(
  { part, note }: UploadPart,
  parameters: readonly Parameter[],
): Pick<Operation, "requestBody"> {
  const fields: Record<string, Schema> = {};
  for (const { name, required, schema } of parameters)
    fields[required ? name : `${name}?`] = schema;
  const file = described({ type: "string", contentMediaType: "application/octet-stream" }, note);
  const schema = object({ ...fields, [part]: file });
  return { requestBody: { required: true, content: { "multipart/form-data": { schema } } } };
}
