import { captionOf } from "./caption.ts";
import { type DanmakuFormat, offsetMs } from "./format.ts";
import { escapeMarkup } from "./markup.ts";

const TYPES = { scroll: 0, top: 1, bottom: 2 };

/**
 * DPlayer's JSON, version 3. It knows nothing but texts on the screen, so every message is there as
 * its caption; one without text has no place.
 */
export function createDplayerJson(): DanmakuFormat {
  let isFirst = true;
  return {
    contentType: "application/json; charset=utf-8",
    extension: "json",
    head: () => '{"code":0,"data":[',
    encode(message) {
      const { text, mode, rgb } = captionOf(message.record);
      const html = escapeMarkup(text);
      if (html === "") return "";
      // The player puts the text into the page as HTML; its author may come to stand there too.
      const author = escapeMarkup(message.record.user_name);
      const entry = [offsetMs(message) / 1000, TYPES[mode], rgb, author, html];
      const separator = isFirst ? "\n" : ",\n";
      isFirst = false;
      return separator + JSON.stringify(entry);
    },
    tail: () => "\n]}\n",
  };
}
