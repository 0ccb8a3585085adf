import type { ServiceBroker, ServiceSchema } from "moleculer";
import { call } from "../../../contracts/call.ts";
import type { Gift, LotteryOptions, NewGift } from "../../../contracts/lottery.ts";
import type { Caller, LiveMessage } from "../../../contracts/objects.ts";
import { runtimeOf } from "../../../mixins/runtime.ts";
import config from "../../../services/config/config.service.ts";
import live from "../../../services/live/live.service.ts";
import { lotteryService } from "../../../services/lottery/lottery.service.ts";
import message from "../../../services/message/message.service.ts";
import push from "../../../services/push/push.service.ts";
import user from "../../../services/user/user.service.ts";
import type { CleanupScope } from "../cleanup.ts";
import { startNode } from "../node.ts";
import { waitFor } from "../wait-for.ts";

export const OWNER = 1;

/** Who calls, as a gateway would say it. */
export function as(user_id: number): { meta: { user: Caller } } {
  return { meta: { user: { user_id, username: `user ${user_id}`, session_id: user_id } } };
}

export interface LotteryNode {
  broker: ServiceBroker;
  /** A show of the owner. */
  open(): Promise<number>;
  /** A lottery of the owner's; it ends long after the test unless it is told otherwise. */
  hold(gift: Partial<NewGift> & { live_id: number }, more?: Terms): Promise<number>;
  join(lotteryId: number, ...userIds: number[]): Promise<void>;
  /** Has lotteries end now, as if that had been their end_time. */
  end(lotteryIds: number[]): Promise<void>;
  say(liveId: number, userId: number, content: string): Promise<void>;
  gift(id: number): Promise<Gift>;
  until(id: number, status: Gift["status"]): Promise<Gift>;
  /** What the room was told of lotteries. */
  told(liveId: number): Promise<LiveMessage[]>;
}

interface Terms {
  condition?: { kind: Gift["condition"]["kind"]; value?: string };
  options?: LotteryOptions;
}

/** Starts a node with everything that lotteries need. */
export async function startLotteryNode(
  t: CleanupScope,
  setup: {
    lottery?: Parameters<typeof lotteryService>[0];
    env?: Record<string, string>;
    services?: ServiceSchema[];
  } = {},
): Promise<LotteryNode> {
  const { env = {}, services = [] } = setup;
  const lottery = lotteryService(setup.lottery);
  const all = [config, user, live, message, push, lottery, ...services];
  const broker = await startNode(t, { services: all, env });
  const gift = async (id: number) => (await call(broker, "lottery.single", { id })).gift;
  return {
    broker,
    gift,
    async open() {
      const room = { room_name: "a show", description: "" };
      return (await call(broker, "live.open", room, as(OWNER))).live_id;
    },
    async hold(asked, more = {}) {
      const end_time = Math.floor(Date.now() / 1000) + 600;
      const whole = { gift: "a mug", count: 3, end_time, ...asked };
      return (await call(broker, "lottery.create", { gift: whole, ...more }, as(OWNER))).id;
    },
    async join(lottery_id, ...userIds) {
      const join = (id: number) => call(broker, "lottery.entry", { lottery_id }, as(id));
      await Promise.all(userIds.map(join));
    },
    async end(id) {
      const now = Date.now();
      const ended = { end_time: Math.floor(now / 1000), close_ms: now, due_ms: now };
      await runtimeOf(broker).database.models.lotteries?.update(ended, { where: { id } });
    },
    async say(live_id, userId, content) {
      await call(broker, "push.send", { live_id, type: 0, content }, as(userId));
    },
    until(id, status) {
      const reached = async () => {
        const found = await gift(id);
        return found.status === status && found;
      };
      return waitFor(reached, { message: `a lottery to be ${status}`, timeoutMs: 20_000 });
    },
    async told(live_id) {
      const span = { live_id, start_time: 0, offset: 100_000 };
      const { messages } = await call(broker, "message.multi", span);
      return messages.filter(({ type }) => type >= 3);
    },
  };
}
