import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Sequelize } from "sequelize";
import { runtimeOf } from "../../mixins/runtime.ts";
import { useRepo } from "../../services/storage/use.repo.ts";
import { keepingContract } from "../contract/keeping.contract.ts";
import { mariadbForEach } from "../support/mariadb-databases.ts";
import { startNode } from "../support/node.ts";

const open = mariadbForEach({ after });

keepingContract("MariaDB", async (t) => (await open(t)).env);

/** A database that does something else once before it reads a row in order to lock it. */
function interrupted(database: Sequelize, interrupt: () => Promise<void>): Sequelize {
  let done = false;
  return new Proxy(database, {
    get(target, name) {
      const value = Reflect.get(target, name);
      if (name !== "query") return typeof value === "function" ? value.bind(target) : value;
      return async (...args: Parameters<Sequelize["query"]>) => {
        if (!done && String(args[0]).endsWith("FOR UPDATE")) {
          done = true;
          await interrupt();
        }
        return target.query(...args);
      };
    },
  });
}

test("one owner takes what the last one gives up at that moment", async (t) => {
  const broker = await startNode(t, { services: [], env: (await open(t)).env });
  const { database } = runtimeOf(broker);
  const others = useRepo(database);
  const object_key = "image/a.webp";
  const use = { purpose: "avatar", object_key, bytes: 10, create_ms: 1 };
  await others.expect(object_key, 1);
  const turn = await others.add({ ...use, owner_id: 1 }, 100, true);
  assert.equal(turn, 1);

  const mine = useRepo(interrupted(database, () => others.settle(1, "avatar", turn + 1, 2)));
  assert.equal(await mine.add({ ...use, owner_id: 2 }, 100, true), 1);
  assert.deepEqual([await others.usage(1), await others.usage(2)], [0, 10]);
  assert.deepEqual(await others.claimLoose(10, 20, 10), [], "somebody keeps it");
});
