import type { PushBatch } from "../../contracts/events.ts";
import type { MessageRecord } from "../../contracts/message-record.ts";
import type { RoomCounters } from "../../contracts/objects.ts";
import type { RoomCard } from "../../contracts/room-actions.ts";
import type { ActorPorts } from "../../services/push/actor.ts";
import { words } from "./room-at-work.ts";
import { seededRandom } from "./seeded-random.ts";

/** A room that nobody else can own. */
export const sole = { token: 0, isHeld: () => true, release: async () => {} };

/** A world that remembers what actors did to it. Appends succeed at once unless told otherwise. */
export class RecordingPorts implements ActorPorts {
  readonly records: MessageRecord[] = [];
  readonly batches: PushBatch[] = [];
  /** The nodes of each batch. */
  readonly nodes: string[][] = [];
  readonly audiences: number[] = [];
  /** Counters kept, oldest first. */
  readonly counts: RoomCounters[] = [];
  readonly random = seededRandom(1);
  readonly words = () => words;
  remember: ActorPorts["remember"] = null;
  readonly now: () => number;
  /** What the services know of the room; null: they do not answer. */
  known: RoomCard | null = null;
  private failure: Error | null = null;
  private held: PromiseWithResolvers<void> | null = null;

  constructor(now: () => number = Date.now) {
    this.now = now;
  }

  append = async (record: MessageRecord): Promise<void> => {
    if (this.failure !== null) throw this.failure;
    this.records.push(record);
    await this.held?.promise;
  };

  emit = (batch: PushBatch, nodes: string[]): void => {
    this.batches.push(batch);
    this.nodes.push(nodes);
  };

  audience = (_liveId: number, viewers: number): void => {
    this.audiences.push(viewers);
  };

  count = async (_liveId: number, counters: RoomCounters): Promise<void> => {
    this.counts.push(counters);
  };

  card = async (): Promise<RoomCard | null> => this.known;

  failAppends(error: Error | null): void {
    this.failure = error;
  }

  /** Appends wait until they are released. */
  holdAppends() {
    const held = Promise.withResolvers<void>();
    this.held = held;
    return {
      release: () => {
        this.held = null;
        held.resolve();
      },
    };
  }
}
