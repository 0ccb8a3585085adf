import { ServiceBroker } from "moleculer";
import { readEnv } from "../../lib/env.ts";
import { brokerOptions } from "../../moleculer.config.ts";
import messageService from "../../services/message/message.service.ts";
import type { MessageWriter } from "../../services/message/message-writer.ts";
import { liveService } from "./history.ts";

/**
 * A node that takes messages out of their channel into history. With DIE_AFTER=n it is gone, as by
 * kill -9, when it has made its n-th commit and has told nobody yet.
 */
const env = readEnv(process.env);
const broker = new ServiceBroker(brokerOptions(env));
broker.createService(liveService);
const message = broker.createService(messageService) as unknown as { writer: MessageWriter };
let left = Number(process.env.DIE_AFTER ?? Number.POSITIVE_INFINITY);
await broker.start();
const { writer } = message;
message.writer = {
  close: () => writer.close(),
  async append(records) {
    await writer.append(records);
    if (--left <= 0) process.kill(process.pid, "SIGKILL");
  },
};
console.log("takes messages");
