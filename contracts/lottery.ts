/**
 * Lotteries, as clients see them. Ids are integers below 2^53, times Unix seconds.
 */

/** `drawing`: nobody can join any more, and the winners are being drawn. */
export const lotteryStatuses = ["open", "drawing", "drawn", "cancelled"] as const;
export type LotteryStatus = (typeof lotteryStatuses)[number];

/** `no_beacon`: the randomness that the draw was bound to could not be had. */
export const cancelReasons = ["owner", "show_ended", "no_beacon"] as const;
export type CancelReason = (typeof cancelReasons)[number];

/** What one has to do to join: nothing, say a word in the room, or follow the owner. */
export const conditionKinds = ["none", "keyword", "follow"] as const;

export interface LotteryCondition {
  kind: (typeof conditionKinds)[number];
  /** The keyword; empty for the other kinds. */
  value: string;
}

/** Why somebody may not join, whatever they do. */
export const exclusions = ["owner", "blocked", "won_recently", "account_too_new"] as const;
export type Exclusion = (typeof exclusions)[number];

/** What an owner may add when a lottery is created. */
export interface LotteryOptions {
  /** Leaves out who won one of the owner's last so many lotteries, drawn before this one was created. */
  exclude_last?: number;
  /** User ids that may not join. */
  blocked?: number[];
  /** Seconds that an account must have existed when the lottery was created. */
  min_account_age?: number;
  /** What becomes of the lottery when the show ends before it does; `cancel` when absent. */
  at_show_end?: "cancel" | "draw";
}

/** What an owner gives when a lottery is created. */
export interface NewGift {
  live_id: number;
  /** The prize. */
  gift: string;
  /** How many win it. */
  count: number;
  end_time: number;
}

/** A lottery. */
export interface Gift extends NewGift {
  id: number;
  is_end: boolean;
  status: LotteryStatus;
  cancel_reason: CancelReason | null;
  /** How many have joined; up to a second old while the lottery is open. */
  entrants: number;
  condition: LotteryCondition;
  /** Hex SHA-256 of the seed, which is shown after the draw. */
  commitment: string;
  /** The drand round that the draw is bound to; null without a beacon. */
  beacon_round: number | null;
  /** User ids in the order of the draw; empty before it. */
  winners: number[];
}

/** What somebody has won. */
export interface Prize {
  lottery_id: number;
  live_id: number;
  gift: string;
  /** 1 for the first drawn. */
  place: number;
  draw_time: number;
  /** How the owner can reach the winner; empty until the winner says. */
  contact: string;
  /** When the contact was given; 0 until then. */
  claim_time: number;
}

/** A winner, as the owner of the lottery sees them. */
export interface LotteryWinner {
  place: number;
  user_id: number;
  user_name: string;
  contact: string;
  claim_time: number;
}
