import type { Etcd3 } from "etcd3";

type WatchStream = Awaited<ReturnType<Etcd3["watchClient"]["watch"]>>;

/** From a watch that ended to the next one, in ms. */
const REWATCH_MS = 500;

/**
 * Watches one key until told to stop, through any number of etcd's deaths. `tell` is called whenever
 * the key may have changed, also at each beginning and end of a watch: what changed while nobody
 * watched is found by reading then, and so is a sign-in that has expired.
 *
 * Each watch has a stream of its own and begins now. etcd3's Watcher puts them all on one stream,
 * where no watch begins any more after one that etcd refused; and it resumes at a revision that an
 * etcd with other data may not reach for years.
 *
 * @returns stops; nothing is told afterwards
 */
export function watchKey(etcd: Etcd3, key: string, tell: () => void): () => void {
  const create_request = { key: Buffer.from(key) };
  let current: WatchStream | null = null;
  let next: NodeJS.Timeout | undefined;
  let stopped = false;

  const begin = async (): Promise<void> => {
    try {
      const stream = await etcd.watchClient.watch();
      if (stopped) stream.cancel();
      else follow(stream);
    } catch {
      ended();
    }
  };

  const follow = (stream: WatchStream): void => {
    current = stream;
    const over = (): void => {
      if (current !== stream) return;
      current = null;
      stream.cancel();
      ended();
    };
    stream.on("data", ({ canceled }) => {
      if (current !== stream) return;
      if (canceled) over();
      else tell();
    });
    stream.on("error", over);
    stream.on("end", over);
    stream.write({ create_request });
  };

  const ended = (): void => {
    if (stopped) return;
    tell();
    next = setTimeout(begin, REWATCH_MS).unref();
  };

  void begin();
  return () => {
    stopped = true;
    clearTimeout(next);
    const stream = current;
    current = null;
    stream?.cancel();
  };
}
