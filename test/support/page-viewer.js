// @ts-nocheck -- runs in a browser; the types of this project are those of a server, without a DOM
// Put into a page before its own scripts: viewers such as a web client would write, and what they saw.

/** What each viewer saw, by its name. */
globalThis.seen = {};

/** Watches by EventSource, which reconnects by itself, until the show is over. */
globalThis.watchByEventSource = (name, url) => {
  const seen = { messages: [], events: [], opens: 0, errors: 0, state: 0 };
  globalThis.seen[name] = seen;
  const source = new EventSource(url);
  const look = () => {
    seen.state = source.readyState;
  };
  source.onopen = () => {
    seen.opens++;
    look();
  };
  source.onerror = () => {
    seen.errors++;
    look();
  };
  source.addEventListener("message", (event) => {
    const { id, content } = JSON.parse(event.data);
    seen.messages.push({ id, content, cursor: Number(event.lastEventId) });
  });
  for (const other of ["reset", "bye", "end"])
    source.addEventListener(other, () => seen.events.push(other));
  source.addEventListener("end", () => {
    source.close();
    look();
  });
};

/** Watches by fetch and reads the body as it comes. */
globalThis.watchByFetch = async (name, url) => {
  const seen = { messages: [], encoding: null, reads: 0, over: false };
  globalThis.seen[name] = seen;
  const response = await fetch(url);
  seen.encoding = response.headers.get("content-encoding");
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read().catch(() => ({ done: true }));
    if (done) break;
    seen.reads++;
    const blocks = (text + value).split("\n\n");
    text = blocks.pop();
    for (const block of blocks) {
      const message = /^id: (\d+)\nevent: message\ndata: (.*)$/.exec(block);
      if (message === null) continue;
      const { id, content } = JSON.parse(message[2]);
      seen.messages.push({ id, content, cursor: Number(message[1]) });
    }
  }
  seen.over = true;
};
