import { setTimeout as pause } from "node:timers/promises";
import { Viewer, type ViewerOptions } from "./viewer.ts";

export interface FollowerOptions {
  port: number;
  liveId: number;
  /** Everything after this id is what the follower has to see. */
  cursor: number;
  /** What is special about the next connection; the cursor is added to it. */
  connection?: () => Partial<ViewerOptions>;
  /** The cursor goes as a parameter and not as a header. */
  byParameter?: () => boolean;
  /** How long the follower stays away after a connection was lost. */
  away?: (cursor: number) => Promise<void>;
  /** How soon a server that does not answer is tried again, in milliseconds. */
  retryMs?: number;
}

const RETRY_MS = 20;

/** A viewer who, whenever the connection is lost, comes back with the last id seen. */
export class Follower {
  /** Ids of all messages seen, over all connections, in the order they came. */
  readonly ids: number[] = [];
  readonly faults: string[] = [];
  /** Times the server said that it could not resume. */
  resets = 0;
  /** Streams that were opened. */
  connections = 0;
  private readonly options: FollowerOptions;
  private readonly running: Promise<void>;
  private viewer: Viewer | null = null;
  private stopped = false;

  constructor(options: FollowerOptions) {
    this.options = options;
    this.running = this.run();
  }

  get cursor(): number {
    return this.viewer?.ids.at(-1) ?? this.ids.at(-1) ?? this.options.cursor;
  }

  /** Ids of all messages seen, those of the present connection included. */
  get seen(): number[] {
    return [...this.ids, ...(this.viewer?.ids ?? [])];
  }

  /** A stream is open. */
  get isWatching(): boolean {
    return this.viewer?.status === 200 && !this.viewer.isClosed;
  }

  /** Hangs up and stays away. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.viewer?.close();
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      const viewer = this.connect();
      await viewer.closed;
      this.collect(viewer);
      if (this.stopped) return;
      if (viewer.status === 200) await this.options.away?.(this.cursor);
      else await pause(this.options.retryMs ?? RETRY_MS);
    }
  }

  private connect(): Viewer {
    const { port, liveId, connection, byParameter } = this.options;
    const { cursor } = this;
    const resume = byParameter?.() ? { query: { last_event_id: cursor } } : { lastEventId: cursor };
    this.viewer = new Viewer({ port, liveId, ...resume, ...connection?.() });
    return this.viewer;
  }

  private collect(viewer: Viewer): void {
    if (viewer.status === 200) this.connections++;
    this.ids.push(...viewer.ids);
    this.faults.push(...viewer.faults);
    this.resets += viewer.of("reset").length;
    this.viewer = null;
  }
}
