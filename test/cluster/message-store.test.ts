import { after } from "node:test";
import { messageStoreContract } from "../contract/message-store.contract.ts";
import { mariadbForEach } from "../support/mariadb-databases.ts";

const emptyDatabase = mariadbForEach({ after });

messageStoreContract("MariaDB", async (t) => (await emptyDatabase(t)).database);
