import { createAss } from "./ass.ts";
import { createBilibiliXml } from "./bilibili-xml.ts";
import { createDplayerJson } from "./dplayer-json.ts";
import type { DanmakuFormat } from "./format.ts";

export type { DanmakuFormat, ExportedMessage, ExportedRoom } from "./format.ts";

/** What a room's history can be exported as, by the name the API has for it; one instance a file. */
export const formats: Record<"xml" | "json" | "ass", () => DanmakuFormat> = {
  xml: createBilibiliXml,
  json: createDplayerJson,
  ass: createAss,
};
