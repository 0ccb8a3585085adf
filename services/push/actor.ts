import { fail } from "../../contracts/errors.ts";
import type { PushBatch } from "../../contracts/events.ts";
import type { MessageRecord } from "../../contracts/message-record.ts";
import type { RoomCounters } from "../../contracts/objects.ts";
import type { RoomCard, TailSnapshot } from "../../contracts/room-actions.ts";
import type { StoredTail } from "../../lib/tail-store/tail-store.ts";
import type { WordFilter } from "../../lib/word-filter.ts";
import { undone } from "./at-owner.ts";
import { Outbox, type Remember } from "./outbox.ts";
import type { Hold } from "./ownership.ts";
import { type RoomState, reduce, snapshot } from "./room.ts";
import type { Command, Effect } from "./room-command.ts";

/** The world, as far as a room touches it. */
export interface ActorPorts {
  now(): number;
  random(): number;
  /** Resolves once the message is durable; rejects with a registry error when it is not. */
  append(record: MessageRecord, isHeld: () => boolean, isUrgent: boolean): Promise<void>;
  /** Keeps a batch where a new owner finds it; null: there is no other owner. */
  remember: Remember | null;
  emit(batch: PushBatch, nodes: string[]): void;
  audience(liveId: number, viewers: number): void;
  /** Keeps the room's counters where they outlive it. */
  count(liveId: number, counters: RoomCounters): Promise<void>;
  /** The room's card; null when it cannot be had at the moment. */
  card(liveId: number): Promise<RoomCard | null>;
  words(): WordFilter;
}

/** By what right a room is run here. */
export interface Ownership {
  hold: Hold;
  /** The last id that a new owner would know of without us. */
  remembered: number;
  /** Called when it shows that another node is the owner: to abandon the room. */
  fenced(): void;
}

/** An idle room leaves memory after this long; an ended one sooner. */
const IDLE_MS = 300_000;
const ENDED_MS = 30_000;
/** News that was lost is found after this long. */
const LOOK_EVERY_MS = 15_000;

/** One room at work: carries out what its reducer says. */
export class RoomActor {
  readonly state: RoomState;
  private readonly hold: Hold;
  private readonly ports: ActorPorts;
  private readonly outbox: Outbox;
  private over = false;
  private timer: NodeJS.Timeout | NodeJS.Immediate | null = null;
  private usedAtMs: number;
  private counted: number;
  private mutes = 0;
  private lookedAtMs: number;
  /** The last message that was to become durable; those before it are settled when it is. */
  private keeping: Promise<unknown> = Promise.resolve();

  constructor(state: RoomState, ports: ActorPorts, { hold, remembered, fenced }: Ownership) {
    this.state = state;
    this.hold = hold;
    this.ports = ports;
    this.outbox = new Outbox({
      room: { liveId: state.live_id, token: hold.token },
      last: remembered,
      remember: ports.remember,
      isWatched: () => state.audience.viewers > 0,
      whole: (): StoredTail => ({ prev: state.tail.prev, batches: state.tail.all() }),
      emit: (batch) => ports.emit(batch, state.audience.nodes),
      fenced,
    });
    this.usedAtMs = ports.now();
    this.counted = state.stats.messages;
    this.lookedAtMs = ports.now();
    for (const batch of state.tail.since(remembered) ?? state.tail.all())
      this.outbox.send(batch, batch);
  }

  /**
   * Says something in the room; resolves with the message's id once it is durable.
   *
   * The continuation after `append` runs in the order of the calls, since a group commit settles
   * its batches in order: messages enter the window by ascending id.
   */
  async say(command: Extract<Command, { kind: "send" | "announce" }>): Promise<number> {
    this.requireHold();
    this.usedAtMs = command.now_ms;
    for (const effect of reduce(this.state, command, this.ports.words())) {
      if (effect.kind === "refuse") fail(effect.error, effect.data);
      if (effect.kind === "append") {
        const keeping = this.ports.append(effect.record, () => this.isOwner, effect.isUrgent);
        this.keeping = keeping;
        await keeping;
        this.committed(effect.record);
        // Kept, but maybe too late for the next owner to know of it: nobody may rely on it.
        if (!this.isOwner) fail("UNAVAILABLE", { retry_after_ms: 1000 });
      }
    }
    return command.id;
  }

  /** False once another node may run this room. */
  get isOwner(): boolean {
    return !this.over && this.hold.isHeld();
  }

  /**
   * What gateways may know of the room's past: only what a new owner would know too.
   *
   * @param after what the gateway has already
   */
  snapshot(after: number | null): TailSnapshot {
    return snapshot(this.state, { after, upTo: this.outbox.last });
  }

  /** What came after an id, or null when that is too long ago; as much as fits into one answer. */
  since(after: number): PushBatch[] | null {
    return after < this.state.tail.prev ? null : this.snapshot(after).batches;
  }

  /** The last id that gateways may know of. */
  get last(): number {
    return this.outbox.last;
  }

  /** Resolves when gateways may know of everything pushed so far, or when that takes too long. */
  settled(): Promise<void> {
    return this.outbox.settled();
  }

  /** Resolves when every message accepted so far is durable, or was refused after all. */
  async kept(): Promise<void> {
    await this.keeping.catch(() => {});
  }

  /** Applies a command that asks for nothing durable. */
  apply(command: Exclude<Command, { kind: "send" | "announce" }>): void {
    for (const effect of reduce(this.state, command, this.ports.words())) this.carryOut(effect);
  }

  watch(nodeId: string, viewers: number): void {
    const now_ms = this.ports.now();
    this.usedAtMs = now_ms;
    this.apply({ kind: "watch", now_ms, node_id: nodeId, viewers });
    if (viewers > 0) this.outbox.hurry();
  }

  mute(userId: number, untilMs: number): void {
    this.mutes++;
    this.apply({ kind: "mute", user_id: userId, until_ms: untilMs });
  }

  /**
   * Looks now and then at what the room's card says by now: the news of an end or of a mute may have
   * been lost on its way.
   */
  async look(nowMs: number): Promise<void> {
    if (this.state.ended || nowMs - this.lookedAtMs < LOOK_EVERY_MS) return;
    this.lookedAtMs = nowMs;
    const { mutes } = this;
    const card = await this.ports.card(this.state.live_id);
    if (card === null || this.over) return;
    if (!card.is_live) this.end();
    // What was heard meanwhile is newer than the card.
    else if (mutes === this.mutes) this.apply({ kind: "mutes", muted: card.muted });
  }

  end(): void {
    this.apply({ kind: "end", now_ms: this.ports.now(), random: this.ports.random });
  }

  /** True when nobody would notice that this room left memory. */
  isIdle(nowMs: number): boolean {
    const { audience, ended } = this.state;
    if (audience.viewers > 0 || this.timer !== null) return false;
    return nowMs - this.usedAtMs > (ended ? ENDED_MS : IDLE_MS);
  }

  /** Keeps the counters if anything was said since the last time. */
  async count(): Promise<void> {
    const { live_id, stats, ended } = this.state;
    if (ended || stats.messages === this.counted) return;
    this.counted = stats.messages;
    await this.ports.count(live_id, { ...stats });
  }

  /** Sends out what waits, stops the timer, and lets others have the room. */
  async close(): Promise<void> {
    if (this.timer !== null) this.flush();
    this.over = true;
    this.cancel();
    await this.outbox.close();
    await this.count();
    await this.hold.release();
  }

  /** The room is another's: nothing is sent any more. */
  abandon(): void {
    this.over = true;
    this.cancel();
    this.outbox.stop();
  }

  /** @throws UNAVAILABLE, undone, when this node does not own the room at the moment */
  private requireHold(): void {
    if (!this.isOwner) throw undone();
  }

  private committed(record: MessageRecord): void {
    const { now, random } = this.ports;
    this.apply({ kind: "committed", now_ms: now(), record, random });
  }

  private flush(): void {
    this.cancel();
    this.apply({ kind: "flush", now_ms: this.ports.now(), random: this.ports.random });
  }

  private carryOut(effect: Effect): void {
    if (effect.kind === "emit") this.outbox.send(effect.batch, effect.kept);
    else if (effect.kind === "audience") this.ports.audience(this.state.live_id, effect.viewers);
    else if (effect.kind === "schedule") this.schedule(effect.at_ms - this.ports.now());
  }

  private schedule(delayMs: number): void {
    this.cancel();
    if (this.over) return;
    const run = () => {
      this.timer = null;
      this.flush();
    };
    // setImmediate lets all messages of one commit into the same flush.
    this.timer = delayMs <= 0 ? setImmediate(run) : setTimeout(run, delayMs);
  }

  private cancel(): void {
    if (this.timer !== null) {
      clearTimeout(this.timer as NodeJS.Timeout);
      clearImmediate(this.timer as NodeJS.Immediate);
      this.timer = null;
    }
  }
}
