import { openDatabase } from "../../lib/database/connect.ts";
import { migrate } from "../../lib/database/migrate.ts";
import { readEnv } from "../../lib/env.ts";

/**
 * A node that does nothing but bring the schema up to date. It says each change of it that it makes,
 * and before the one numbered STOP_BEFORE stands still.
 */
const database = openDatabase(readEnv(process.env));
const stopBefore = Number(process.env.STOP_BEFORE ?? 0);
let changes = 0;
const { options } = database as unknown as { options: { logging: (line: string) => void } };
options.logging = (line) => {
  if (!/CREATE|ALTER/.test(line)) return;
  if (++changes === stopBefore) {
    console.log("stands still");
    process.kill(process.pid, "SIGSTOP");
  }
  console.log(`change ${changes}`);
};
await migrate(database);
console.log("done");
await database.close();
