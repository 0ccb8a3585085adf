import type { Params } from "../../contracts/actions.ts";

const types: Record<Params<"message.export">["format"], string> = {
  xml: "application/xml; charset=utf-8",
  json: "application/json; charset=utf-8",
  ass: "text/x-ssa; charset=utf-8",
};

/** Media type and name of an exported history. */
export function exportedFile(params: Params<"message.export">): { type: string; name: string } {
  return { type: types[params.format], name: `danmaku-${params.live_id}.${params.format}` };
}
