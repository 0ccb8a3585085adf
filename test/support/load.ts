import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { signAccessToken } from "../../lib/token.ts";
import { type CleanupScope, cleanUp } from "./cleanup.ts";
import { Follower } from "./follower.ts";
import {
  type Account,
  type Address,
  history,
  openShow,
  type Said,
  type Show,
  say,
} from "./show.ts";
import { waitFor } from "./wait-for.ts";

/** What a load needs of a cluster. */
export interface Target {
  front: Address;
  servers: { env: Readonly<{ JWT_SECRET?: string }> };
}

export interface LoadOptions {
  viewers?: number;
  senders?: number;
  /** Messages of all senders together. */
  perSecond?: number;
}

/** What came of a message that was not answered with 200, also when it was said again. */
interface Refusal {
  content: string;
  status: number;
  body: unknown;
}

/** What was said since the last reckoning. */
class Tally {
  /** Contents by id of all messages that were answered with 200. */
  readonly accepted = new Map<number, string>();
  /** Contents whose fate is unknown: the connection broke before there was an answer. */
  readonly unanswered: string[] = [];
  /** Why. */
  readonly breaks = new Set<string>();
  /** Answered with 503 at first, and said once more. */
  readonly repeated: Refusal[] = [];
  /** Refused for good. */
  readonly refused: Refusal[] = [];
}

/** A message of the history. */
interface Kept {
  id: number;
  content: string;
}

/** What exactness has found. */
export interface Reckoning {
  accepted: number;
  unanswered: number;
  /** Why there was no answer. */
  breaks: string[];
  repeated: Refusal[];
  refused: Refusal[];
  /** In history although nobody was told so: an answer was lost, or a refusal was wrong. */
  keptUnanswered: number;
  keptRefused: string[];
}

/** No answer after this time is no answer, in milliseconds. */
const ANSWER_MS = 20_000;
/** Who was refused and not told when to come back waits so long, in milliseconds. */
const RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 5_000;
/** Who lost the connection comes back after this time, in milliseconds. */
const RETURN_MS = 100;
/** Who wants to know when somebody is heard again asks so often, in milliseconds. */
const ASK_MS = 50;
/** Everybody has everything so long after the last word, in milliseconds. */
const SETTLE_MS = 60_000;
const TOKEN_SECONDS = 3_600;

/**
 * A show that people watch and talk in, all of them through the front of a cluster, whatever happens
 * to it: viewers come back with the last id they saw, and who is refused with 503 tries once more.
 */
export class Load {
  readonly show: Show;
  readonly followers: Follower[];
  private readonly cluster: Target;
  private readonly paceMs: number;
  private tally = new Tally();
  /** Everything up to this message is reckoned with. */
  private cursor: number;
  private talking: Promise<unknown> = Promise.resolve();
  private stopped = true;
  private said = 0;

  private constructor(cluster: Target, show: Show, first: number, options: LoadOptions) {
    const { viewers = 50, perSecond = 100 } = options;
    this.cluster = cluster;
    this.show = show;
    this.cursor = first;
    this.paceMs = (show.speakers.length * 1000) / perSecond;
    this.followers = Array.from(
      { length: viewers },
      (_, n) =>
        new Follower({
          port: cluster.front.port,
          liveId: show.liveId,
          cursor: first,
          retryMs: RETURN_MS,
          away: () => pause(RETURN_MS),
          connection: () => ({ gzip: n % 2 === 1 }),
        }),
    );
  }

  /** Opens a room, lets everybody in, and lets them talk. */
  static async start(t: CleanupScope, cluster: Target, options: LoadOptions = {}): Promise<Load> {
    const { senders = 20 } = options;
    const show = await openShow(cluster.front, 0);
    show.speakers.push(...(await speakers(cluster, senders)));
    const first = await insist(cluster, show, "the first words");
    const load = new Load(cluster, show, first, options);
    cleanUp(t, () => load.stop());
    await waitFor(() => load.followers.every(({ isWatching }) => isWatching), {
      timeoutMs: 30_000,
      message: "all viewers to watch",
    });
    load.talk();
    return load;
  }

  get accepted(): number {
    return this.tally.accepted.size;
  }

  get refused(): number {
    return this.tally.refused.length + this.tally.repeated.length;
  }

  /** Lets so many more messages be accepted. */
  async more(count: number, timeoutMs = 30_000): Promise<void> {
    const enough = this.accepted + count;
    await waitFor(() => this.accepted >= enough, {
      timeoutMs,
      message: `${count} more messages to be accepted (${this.state()})`,
    });
  }

  /**
   * How long nobody can say anything, in milliseconds: asks again and again without waiting for
   * answers, since everybody else may wait for one, or for the time to come back at.
   */
  async silence(): Promise<number> {
    const since = performance.now();
    const { accepted } = this;
    const asked: Promise<void>[] = [];
    while (this.accepted === accepted) {
      const speaker = this.show.speakers[asked.length % this.show.speakers.length] as Account;
      asked.push(this.sayOnce(speaker, `${speaker.name} asks no. ${++this.said}`));
      await pause(ASK_MS);
    }
    const ms = performance.now() - since;
    await Promise.all(asked);
    return Math.round(ms);
  }

  talk(): void {
    this.stopped = false;
    this.talking = Promise.all(this.show.speakers.map((speaker) => this.speak(speaker)));
  }

  async hush(): Promise<void> {
    this.stopped = true;
    await this.talking;
  }

  async stop(): Promise<void> {
    await this.hush();
    await Promise.all(this.followers.map((follower) => follower.stop()));
  }

  /**
   * Lets everybody finish, and holds what was accepted against what is in history and what everybody
   * saw, since the last time. Goes on afterwards.
   *
   * @param options.stoodStill an owner may have stood still between its last look at its lease and its
   *   commit: what it kept then was refused, and came too late for the next owner to tell of it
   */
  async exact({ stoodStill = false } = {}): Promise<Reckoning> {
    await this.hush();
    try {
      return await this.reckon(stoodStill);
    } finally {
      this.talk();
    }
  }

  private async reckon(stoodStill: boolean): Promise<Reckoning> {
    const { tally, cursor } = this;
    const last = await insist(this.cluster, this.show, `the last words, no. ${++this.said}`);
    const seenBy = (follower: Follower) => follower.seen.filter((id) => id > cursor && id <= last);
    await waitFor(() => this.followers.every((follower) => follower.cursor >= last), {
      timeoutMs: SETTLE_MS,
      message: "every viewer to see the last words",
    }).catch((error: Error) => {
      const behind = this.followers.filter((follower) => follower.cursor < last);
      throw new Error(`${behind.length} viewers did not see the last words`, { cause: error });
    });
    const kept = await waitFor(
      async () => {
        const all = await history(this.cluster.front, this.show.liveId);
        return all.some(({ id }) => id === last) && missing(tally, all).length === 0 && all;
      },
      { timeoutMs: SETTLE_MS, intervalMs: 250, message: "history to be complete" },
    ).catch(async () => {
      const all = await history(this.cluster.front, this.show.liveId);
      assert.deepEqual(missing(tally, all), [], "answered with 200, but not in history");
      throw new Error("the last words are not in history");
    });
    const news = kept.filter(({ id }) => id > cursor && id <= last);
    const ids = news.map(({ id }) => id);
    assert.deepEqual(
      ids,
      ascending(kept.map(({ id }) => id)).filter((id) => id > cursor && id <= last),
    );
    for (const [n, follower] of this.followers.entries())
      assertSaw(seenBy(follower), news, { name: `viewer ${n}`, follower, tally, stoodStill });

    this.tally = new Tally();
    this.cursor = last;
    return reckon(tally, news);
  }

  private async speak(speaker: Account): Promise<void> {
    while (!this.stopped) {
      const startMs = performance.now();
      await this.sayOnce(speaker, `${speaker.name} says no. ${++this.said}`);
      const restMs = this.paceMs * (0.5 + Math.random()) - (performance.now() - startMs);
      if (restMs > 0) await pause(restMs);
    }
  }

  private async sayOnce(speaker: Account, content: string): Promise<void> {
    const { tally } = this;
    const first = await this.try(speaker, content);
    if (first === null) tally.unanswered.push(content);
    else if (first.id !== null) tally.accepted.set(first.id, content);
    else if (first.status !== 503) tally.refused.push(refusal(content, first));
    else {
      tally.repeated.push(refusal(content, first));
      await pause(retryAfterMs(first));
      const second = await this.try(speaker, content);
      if (second === null) tally.unanswered.push(content);
      else if (second.id !== null) tally.accepted.set(second.id, content);
      else tally.refused.push(refusal(content, second));
    }
  }

  /** Null when there is no answer. */
  private async try(speaker: Account, content: string): Promise<Said | null> {
    const said = say(this.cluster.front, speaker, this.show.liveId, content);
    const never = pause(ANSWER_MS, null, { ref: false });
    return Promise.race([said, never]).catch((error: Error) => {
      this.tally.breaks.add(String((error.cause as Error | undefined)?.message ?? error.message));
      return null;
    });
  }

  private state(): string {
    const { accepted, unanswered, repeated, refused } = this.tally;
    const last = refused.at(-1) ?? repeated.at(-1);
    return `${accepted.size} accepted, ${unanswered.length} unanswered, ${refused.length} refused, last refusal ${JSON.stringify(last)}`;
  }
}

/** Senders who have tokens and no accounts: making accounts takes more time than all their words. */
async function speakers(cluster: Target, count: number): Promise<Account[]> {
  const key = Buffer.from(cluster.servers.env.JWT_SECRET ?? "");
  return Promise.all(
    Array.from({ length: count }, async (_, n) => {
      const userId = 1_000 + n;
      const name = `speaker_${n}`;
      const caller = { user_id: userId, username: name, session_id: 1_000 + n };
      const token = await signAccessToken(key, caller, Date.now(), TOKEN_SECONDS);
      return { name, userId, token };
    }),
  );
}

/** Says something until it is accepted. */
async function insist({ front }: Target, show: Show, content: string): Promise<number> {
  return waitFor(async () => (await say(front, show.owner, show.liveId, content)).id, {
    timeoutMs: SETTLE_MS,
    intervalMs: 250,
    message: `"${content}" to be accepted`,
  });
}

function missing({ accepted }: Tally, kept: readonly Kept[]): number[] {
  const contents = new Map(kept.map(({ id, content }) => [id, content]));
  return [...accepted].filter(([id, content]) => contents.get(id) !== content).map(([id]) => id);
}

function reckon(tally: Tally, kept: readonly Kept[]): Reckoning {
  const { accepted, unanswered, breaks, repeated, refused } = tally;
  // The last words of the reckoning itself are the owner's.
  const others = kept.filter(
    ({ id, content }) => !accepted.has(id) && !/^the last words/.test(content),
  );
  const unknown = new Set(unanswered);
  const denied = new Set([...repeated, ...refused].map(({ content }) => content));
  for (const { content } of others)
    assert.ok(unknown.has(content) || denied.has(content), `nobody said ${content}`);
  return {
    accepted: accepted.size,
    unanswered: unanswered.length,
    breaks: [...breaks],
    repeated,
    refused,
    keptUnanswered: others.filter(({ content }) => unknown.has(content)).length,
    keptRefused: others.map(({ content }) => content).filter((content) => denied.has(content)),
  };
}

interface Witness {
  name: string;
  follower: Follower;
  tally: Tally;
  stoodStill: boolean;
}

/** Compares long lists without printing them. */
function assertSaw(
  seen: number[],
  kept: readonly Kept[],
  { name, follower, tally, stoodStill }: Witness,
): void {
  assert.deepEqual(follower.faults, [], name);
  assert.equal(follower.resets, 0, `${name} was told to start over`);
  const due = kept.filter(
    (message) => !(stoodStill && wasRefused(message, tally)) || seen.includes(message.id),
  );
  const ids = due.map(({ id }) => id);
  if (seen.length === ids.length && seen.every((id, n) => id === ids[n])) return;
  const lost = due.filter(({ id }) => !seen.includes(id));
  const extra = seen.filter((id, n) => !ids.includes(id) || seen.indexOf(id) !== n);
  const examples = lost.slice(0, 3).map((message) => `${message.id} ${fateOf(message, tally)}`);
  assert.fail(
    `${name} saw ${seen.length} of ${ids.length}; lost ${lost.length} (${examples.join("; ")}), ` +
      `too many ${extra.length} (${extra.slice(0, 3)})`,
  );
}

function wasRefused({ id, content }: Kept, { accepted, repeated, refused }: Tally): boolean {
  const denied = [...repeated, ...refused].some((refusal) => refusal.content === content);
  return denied && !accepted.has(id);
}

/** What the sender of a message in history was told. */
function fateOf({ id, content }: Kept, { accepted, unanswered, repeated, refused }: Tally): string {
  if (accepted.has(id)) return "was accepted";
  if (unanswered.includes(content)) return "had no answer";
  const denied = [...repeated, ...refused].find((refusal) => refusal.content === content);
  return denied === undefined ? "is the owner's" : `was refused: ${JSON.stringify(denied.body)}`;
}

function refusal(content: string, { status, body }: Said): Refusal {
  return { content, status, body };
}

function retryAfterMs({ headers }: Said): number {
  const seconds = Number(headers.get("retry-after"));
  return Math.min(LONGEST_RETRY_MS, seconds > 0 ? seconds * 1000 : RETRY_MS);
}

function ascending(ids: number[]): number[] {
  return [...new Set(ids)].sort((a, b) => a - b);
}
