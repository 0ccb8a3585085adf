import type { DouyinMessage } from "../../contracts/short-video.ts";
import { type CleanupScope, cleanUp } from "./cleanup.ts";
import { dataOf, messageIds } from "./sse-events.ts";
import { waitFor } from "./wait-for.ts";

export interface InboxOptions {
  url: string;
  token: string;
  lastEventId?: string;
}

/** A client of GET /douyin/message/stream/ that keeps what it is sent. */
export class InboxReader {
  readonly response: Response;
  text = "";
  ended = false;

  constructor(response: Response) {
    this.response = response;
    void this.read();
  }

  /** Numbers of the messages so far. */
  get ids(): number[] {
    return messageIds(this.whole);
  }

  get contents(): string[] {
    return this.messages.map(({ content }) => content);
  }

  get messages(): DouyinMessage[] {
    return dataOf(this.whole, "message") as DouyinMessage[];
  }

  data(event: string): unknown[] {
    return dataOf(this.whole, event);
  }

  async expect(count: number): Promise<void> {
    await waitFor(() => this.messages.length >= count, { message: `${count} messages` });
  }

  /** Without an event whose end is still to come. */
  private get whole(): string {
    return this.text.slice(0, this.text.lastIndexOf("\n\n") + 2);
  }

  private async read(): Promise<void> {
    const decoder = new TextDecoder();
    try {
      for await (const bytes of this.response.body ?? [])
        this.text += decoder.decode(bytes, { stream: true });
    } catch {
      // Cut by either side: it has ended all the same.
    }
    this.ended = true;
  }
}

/** Opens a stream; it is closed when the test ends. */
export async function openInbox(
  t: CleanupScope,
  { url, token, lastEventId }: InboxOptions,
): Promise<InboxReader> {
  const abort = new AbortController();
  cleanUp(t, () => abort.abort());
  const response = await fetch(`${url}/douyin/message/stream/?token=${token}`, {
    headers: lastEventId === undefined ? {} : { "Last-Event-ID": lastEventId },
    signal: abort.signal,
  });
  return new InboxReader(response);
}
