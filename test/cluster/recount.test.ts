import { after } from "node:test";
import { recountContract } from "../contract/recount.contract.ts";
import { mariadbForEach } from "../support/mariadb-databases.ts";

const open = mariadbForEach({ after });

recountContract("MariaDB", async (t) => (await open(t)).database);
