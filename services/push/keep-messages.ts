import type { MessageRecord } from "../../contracts/message-record.ts";

/**
 * Bytes of one publication, at most. NATS takes 1 MiB with headers. A message that is longer by
 * itself goes alone, and is refused if NATS does not take it.
 */
const MAX_BYTES = 900 * 1024;
/**
 * How long JetStream may take, in ms. Whoever waits for the commit before this one waits twice as
 * long, which has to be less than a call's ten seconds: who is told nothing knows nothing.
 */
const WITHIN_MS = 4_000;

export interface KeepPorts {
  /** Sends JSON through the channel into history; null where there is none. */
  send: ((json: string, sent: { msgID: string; withinMs: number }) => Promise<void>) | null;
  /** Commits to the database. */
  append(messages: MessageRecord[]): Promise<unknown>;
}

/**
 * Makes the function that keeps the messages of one group commit, and resolves once they are safe:
 * in JetStream, from where they get into history, or in the database. When it rejects, some of them
 * may be kept all the same.
 */
export function keepMessages({ send, append }: KeepPorts) {
  return async (messages: MessageRecord[]): Promise<void> => {
    if (send === null) {
      await append(messages);
      return;
    }
    const deadline = performance.now() + WITHIN_MS;
    for (const { json, msgID } of publications(messages))
      await send(json, { msgID, withinMs: Math.max(1, deadline - performance.now()) });
  };
}

/** Lists of messages as JSON; each is named after what is in it, since ids are given once. */
export function* publications(
  messages: MessageRecord[],
  maxBytes = MAX_BYTES,
): Generator<{ json: string; msgID: string }> {
  let texts: string[] = [];
  let first = 0;
  let bytes = 0;
  for (const message of messages) {
    const text = JSON.stringify(message);
    const length = Buffer.byteLength(text) + 1;
    if (texts.length > 0 && bytes + length >= maxBytes) {
      yield publication(texts, first);
      texts = [];
      bytes = 0;
    }
    if (texts.length === 0) first = message.id;
    texts.push(text);
    bytes += length;
  }
  if (texts.length > 0) yield publication(texts, first);
}

function publication(texts: string[], first: number) {
  return { json: `[${texts.join(",")}]`, msgID: `${first}+${texts.length}` };
}
