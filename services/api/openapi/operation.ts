import type { Auth } from "../route.ts";
import type { Schema } from "./schemas.ts";

export interface Operation {
  operationId: string;
  tags: string[];
  summary: string;
  parameters?: Schema[];
  requestBody?: Schema;
  responses: Record<string, Schema>;
  security?: Record<string, string[]>[];
}

/** A name for an endpoint, made of its method and path. */
export function operationId({ method, path }: { method: string; path: string }): string {
  const words = `${method.toLowerCase()}${path}`.split(/[/.]/).filter((word) => word !== "");
  return words.map((word, i) => (i === 0 ? word : word[0]?.toUpperCase() + word.slice(1))).join("");
}

/** How a token can be given where one is looked at. */
export function security(auth: Auth): { security?: Record<string, string[]>[] } {
  if (auth === "none") return {};
  const ways: Record<string, string[]>[] = [{ bearer: [] }, { query: [] }];
  return { security: auth === "optional" ? [...ways, {}] : ways };
}

/** The cursor of a stream. */
export const lastEventId: Schema = {
  name: "Last-Event-ID",
  in: "header",
  description: "Sent by EventSource when it reconnects",
  schema: { type: "string" },
};
