import { after } from "node:test";
import { keepingContract } from "../contract/keeping.contract.ts";
import { mariadbForEach } from "../support/mariadb-databases.ts";

const open = mariadbForEach({ after });

keepingContract("MariaDB", async (t) => (await open(t)).env);
