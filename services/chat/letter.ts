import { fail } from "../../contracts/errors.ts";
import type { DouyinMessage } from "../../contracts/short-video.ts";
import type { WordFilter } from "../../lib/word-filter.ts";

/** The two of a chat, by which it is kept: the lower user id first. */
export interface Pair {
  low: number;
  high: number;
}

export function pairOf(a: number, b: number): Pair {
  return a < b ? { low: a, high: b } : { low: b, high: a };
}

/**
 * A message as it is kept. Besides its time, by which a chat is read, it has a number in the inbox of
 * either of the two, by which a stream goes on: inboxes hold the messages of all chats of a user, those
 * that they wrote included, numbered without a gap in the order in which they were committed.
 */
export interface Letter extends Pair {
  id: number;
  /** One of the two. */
  sender: number;
  /** Unix ms, strictly ascending within a chat. */
  create_ms: number;
  low_seq: number;
  high_seq: number;
  content: string;
}

/** What one of the two gets to see of it. */
export function toMessage({ id, low, high, sender, content, create_ms }: Letter): DouyinMessage {
  return {
    id,
    to_user_id: sender === low ? high : low,
    from_user_id: sender,
    content,
    create_time: create_ms,
  };
}

/**
 * A text as it will be kept: with masked words.
 *
 * @throws CONTENT_REFUSED when it has a word that is not to be said
 */
export function wording(text: string, words: WordFilter): string {
  const verdict = words.check(text);
  if (verdict.refused) fail("CONTENT_REFUSED");
  return verdict.text;
}
