import { openDatabase } from "../../lib/database/connect.ts";
import { readEnv } from "../../lib/env.ts";
import { lotteryStoreContract } from "../contract/lottery-store.contract.ts";
import { cleanUp } from "../support/cleanup.ts";
import { tempDir } from "../support/temp-dir.ts";

lotteryStoreContract("SQLite", async (t) => {
  const database = openDatabase(readEnv({ DATA_DIR: await tempDir(t) }));
  cleanUp(t, () => database.close());
  return database;
});
