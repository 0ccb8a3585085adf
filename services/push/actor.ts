import { fail } from "../../contracts/errors.ts";
import type { EventMap } from "../../contracts/events.ts";
import type { MessageRecord } from "../../contracts/message-record.ts";
import type { RoomCounters } from "../../contracts/objects.ts";
import type { WordFilter } from "../../lib/word-filter.ts";
import { type Command, type Effect, type RoomState, reduce } from "./room.ts";

/** The world, as far as a room touches it. */
export interface ActorPorts {
  now(): number;
  random(): number;
  /** Resolves once the message is durable; rejects with a registry error when it is not. */
  append(record: MessageRecord): Promise<void>;
  emit(batch: EventMap["push.batch"], nodes: string[]): void;
  audience(liveId: number, viewers: number): void;
  /** Keeps the room's counters where they outlive it. */
  count(liveId: number, counters: RoomCounters): Promise<void>;
  words(): WordFilter;
}

/** An idle room leaves memory after this long; an ended one sooner. */
const IDLE_MS = 300_000;
const ENDED_MS = 30_000;

/** One room at work: carries out what its reducer says. */
export class RoomActor {
  readonly state: RoomState;
  private readonly ports: ActorPorts;
  private timer: NodeJS.Timeout | NodeJS.Immediate | null = null;
  private usedAtMs: number;
  private counted: number;

  constructor(state: RoomState, ports: ActorPorts) {
    this.state = state;
    this.ports = ports;
    this.usedAtMs = ports.now();
    this.counted = state.stats.messages;
  }

  /**
   * Says something in the room; resolves with the message's id once it is durable.
   *
   * The continuation after `append` runs in the order of the calls, since a group commit settles
   * its batches in order: messages enter the window by ascending id.
   */
  async say(command: Extract<Command, { kind: "send" | "announce" }>): Promise<number> {
    this.usedAtMs = command.now_ms;
    for (const effect of reduce(this.state, command, this.ports.words())) {
      if (effect.kind === "refuse") fail(effect.error, effect.data);
      if (effect.kind === "append") {
        await this.ports.append(effect.record);
        this.committed(effect.record);
      }
    }
    return command.id;
  }

  /** Applies a command that asks for nothing durable. */
  apply(command: Exclude<Command, { kind: "send" | "announce" }>): void {
    for (const effect of reduce(this.state, command, this.ports.words())) this.carryOut(effect);
  }

  watch(nodeId: string, viewers: number): void {
    const now_ms = this.ports.now();
    this.usedAtMs = now_ms;
    this.apply({ kind: "watch", now_ms, node_id: nodeId, viewers });
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

  /** Sends out what waits and stops the timer. */
  async close(): Promise<void> {
    if (this.timer !== null) this.flush();
    this.cancel();
    await this.count();
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
    if (effect.kind === "emit") this.ports.emit(effect.batch, effect.nodes);
    else if (effect.kind === "audience") this.ports.audience(this.state.live_id, effect.viewers);
    else if (effect.kind === "schedule") this.schedule(effect.at_ms - this.ports.now());
  }

  private schedule(delayMs: number): void {
    this.cancel();
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
