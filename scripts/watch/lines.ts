import type { CancelReason } from "../../contracts/lottery.ts";
import { type LiveMessage, MessageType, type Room } from "../../contracts/objects.ts";
import type { Repeated } from "./merge-digest.ts";
import type { Paint } from "./paint.ts";
import { printable } from "./printable.ts";

/** What a room looks like in a terminal: every function makes lines of what came from the server. */
export class Lines {
  private readonly paint: Paint;

  constructor(paint: Paint) {
    this.paint = paint;
  }

  header(room: Room, nowMs: number): string[] {
    const { bold, dim } = this.paint;
    const since = Math.max(0, Math.floor(nowMs / 1000) - room.start_time);
    const facts = [
      `by ${printable(room.owner_name)}`,
      watching(room.viewers),
      `on air for ${clock(since)}`,
      `live_id ${room.live_id}`,
    ];
    const introduction = printable(room.introduction);
    return [
      "",
      ` ${bold(printable(room.room_name))}`,
      ...(introduction === "" ? [] : [` ${introduction}`]),
      ` ${dim(facts.join(" · "))}`,
      "",
    ];
  }

  message(message: LiveMessage): string {
    const { dim, user, highlight } = this.paint;
    const time = dim(clock(message.live_time).padStart(8));
    const name = user(message.user_id, printable(message.user_name));
    const text = printable(message.content);
    switch (message.type) {
      case MessageType.gift:
        return `${time}  ${name} ${highlight(`♥ ${giftOf(message, text)}`)}`;
      case MessageType.superMessage:
        return `${time}  ${name} ${highlight(`★ ${text}${priceOf(message)}`)}`;
      case MessageType.lottery:
        return `${time}  ${highlight(`◆ A lottery has opened: ${text}`)}`;
      case MessageType.winners:
        return `${time}  ${highlight(`◆ ${outcomeOf(message, text)}`)}`;
      default:
        return `${time}  ${name} ${text}`;
    }
  }

  repeated({ content, times }: Repeated): string {
    return this.paint.dim(`${" ".repeat(10)}×${times}  ${printable(content)}`);
  }

  /** Something about the stream itself. */
  notice(text: string): string {
    return this.paint.dim(`${" ".repeat(10)}— ${printable(text)} —`);
  }

  /** A room in the list of those that are live. */
  listed(room: Room, nowMs: number): string {
    const { bold, dim } = this.paint;
    const since = Math.max(0, Math.floor(nowMs / 1000) - room.start_time);
    const facts = [
      `by ${printable(room.owner_name)}`,
      watching(room.viewers),
      `on air for ${clock(since)}`,
    ];
    return ` ${String(room.live_id).padEnd(16)}  ${bold(printable(room.room_name))}  ${dim(facts.join(" · "))}`;
  }
}

export function watching(viewers: number): string {
  return `${viewers} watching`;
}

/** Seconds as m:ss, from an hour on as h:mm:ss. */
export function clock(seconds: number): string {
  const pad = (n: number) => String(n).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  const rest = pad(seconds % 60);
  return minutes < 60
    ? `${minutes}:${rest}`
    : `${Math.floor(minutes / 60)}:${pad(minutes % 60)}:${rest}`;
}

function giftOf({ data }: LiveMessage, text: string): string {
  if (data?.gift_name === undefined) return text;
  const name = printable(data.gift_name);
  const gift = `${name} ×${data.gift_count ?? 1}`;
  return name === text ? gift : `${text} [${gift}]`;
}

/** Why a lottery was not drawn, in words. */
const CANCELLED: Record<CancelReason, string> = {
  owner: "by its owner",
  show_ended: "as the show is over",
  no_beacon: "as its public randomness cannot be had",
};

function outcomeOf({ data }: LiveMessage, winners: string): string {
  if (data?.cancelled !== undefined)
    return `The lottery is cancelled, ${CANCELLED[data.cancelled]}`;
  return winners === "[]"
    ? "The lottery is drawn; nobody took part"
    : `The lottery is drawn; its winners: ${winners}`;
}

function priceOf({ data }: LiveMessage): string {
  return data?.price === undefined ? "" : ` [${data.price}]`;
}
