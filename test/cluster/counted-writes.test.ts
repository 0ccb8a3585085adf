import { after } from "node:test";
import { countedWritesContract } from "../contract/counted-writes.contract.ts";
import { mariadbForEach } from "../support/mariadb-databases.ts";

const open = mariadbForEach({ after });

countedWritesContract("MariaDB", async (t) => (await open(t)).database);
