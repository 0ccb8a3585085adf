import { after } from "node:test";
import { lotteryStoreContract } from "../contract/lottery-store.contract.ts";
import { mariadbForEach } from "../support/mariadb-databases.ts";

const open = mariadbForEach({ after });

lotteryStoreContract("MariaDB", async (t) => (await open(t)).database);
