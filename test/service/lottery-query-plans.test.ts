import assert from "node:assert/strict";
import { it } from "node:test";
import { call } from "../../contracts/call.ts";
import { runtimeOf } from "../../mixins/runtime.ts";
import { as, OWNER, startLotteryNode } from "../support/lottery/node.ts";
import { recordStatements } from "../support/statements.ts";
import { waitFor } from "../support/wait-for.ts";

it("lottery finds everything by an index", async (t) => {
  const node = await startLotteryNode(t);
  const { broker } = node;
  const tables = ["lotteries", "lottery_entries", "lottery_winners"];
  const statements = recordStatements(runtimeOf(broker).database, tables);
  const live_id = await node.open();
  const first = await node.hold({ live_id });
  await node.join(first, 2, 3);
  await call(broker, "lottery.draw", { lottery_id: first }, as(OWNER));
  await node.until(first, "drawn");
  const options = { exclude_last: 3, at_show_end: "draw" } as const;
  const condition = { kind: "keyword", value: "me" } as const;
  const second = await node.hold({ live_id }, { options, condition });
  await node.say(live_id, 4, "me");
  const third = await node.hold({ live_id }, { options });
  await node.join(third, 5);
  await assert.rejects(node.join(third, 2), { type: "LOTTERY_NOT_ALLOWED" });
  await call(broker, "lottery.cancel", { lottery_id: third }, as(OWNER));
  await call(broker, "lottery.multi", { live_id });
  await call(broker, "lottery.proof", { id: first });
  await call(broker, "lottery.entrants", { id: first });
  await call(broker, "lottery.winners", { id: first }, as(OWNER));
  await call(broker, "lottery.mine", {}, as(2));
  await call(broker, "lottery.claim", { lottery_id: first, contact: "me" }, as(2));
  await call(broker, "live.close", { live_id }, as(OWNER));
  await node.until(second, "drawn");
  await waitFor(async () => (await node.told(live_id)).length === 6);

  assert.deepEqual(await statements.indexes(), [
    "INTEGER PRIMARY KEY",
    "lotteries_due",
    "lotteries_open",
    "lotteries_owner",
    "lotteries_room",
    "sqlite_autoindex_lottery_entries_1",
    "sqlite_autoindex_lottery_winners_1",
    "sqlite_autoindex_lottery_winners_2",
  ]);
});
