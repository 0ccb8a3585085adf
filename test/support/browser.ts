import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { needProgram } from "../../scripts/bootstrap/programs.mjs";
import { type CleanupScope, cleanUp } from "./cleanup.ts";
import { waitFor } from "./wait-for.ts";

/** What a viewer in a page saw; see page-viewer.js. */
export interface PageSeen {
  messages: { id: number; content: string; cursor: number }[];
  /** Of an EventSource: names of other events, streams opened, errors told, readyState. */
  events: string[];
  opens: number;
  errors: number;
  state: number;
  /** Of a fetch: the response's Content-Encoding, pieces read, whether it has ended. */
  encoding: string | null;
  reads: number;
  over: boolean;
}

/** Starts Chromium with an empty profile; it ends with the test. */
export async function startBrowser(t: CleanupScope): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: await needProgram("chromium"),
    args: ["--no-sandbox", "--disable-background-networking", "--disable-gpu", "--no-first-run"],
  });
  cleanUp(t, () => browser.close());
  return browser;
}

/** A page of a server that viewers can be opened in. */
export async function openPage(browser: Browser, url: string): Promise<PageAudience> {
  const page = await browser.newPage();
  await page.addInitScript({ path: join(import.meta.dirname, "page-viewer.js") });
  await page.goto(url);
  return new PageAudience(page);
}

/** Viewers inside a page, by name. */
export class PageAudience {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  /** Opens a stream by EventSource; resolves when it is open. */
  async watchByEventSource(name: string, path: string): Promise<void> {
    await this.run("watchByEventSource", name, path);
    await this.sees(name, ({ opens }) => opens === 1, "its stream to be open");
  }

  /** Opens a stream by fetch; resolves when its head is there. */
  async watchByFetch(name: string, path: string): Promise<void> {
    await this.run("watchByFetch", name, path);
    await this.sees(name, ({ reads }) => reads > 0, "its stream to be open");
  }

  seen(name: string): Promise<PageSeen> {
    return this.page.evaluate(`seen[${JSON.stringify(name)}]`);
  }

  /** Waits until a viewer has seen what is expected, and answers all that it saw. */
  sees(name: string, expected: (seen: PageSeen) => boolean, what: string): Promise<PageSeen> {
    return waitFor(
      async () => {
        const seen = await this.seen(name);
        return expected(seen) && seen;
      },
      { timeoutMs: 20_000, message: `${name}: ${what}` },
    );
  }

  private run(viewer: string, name: string, path: string): Promise<unknown> {
    // Without `void` the page would wait for the end of the stream.
    return this.page.evaluate(`void ${viewer}(${JSON.stringify(name)}, ${JSON.stringify(path)})`);
  }
}
