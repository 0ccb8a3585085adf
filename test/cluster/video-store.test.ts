import { after } from "node:test";
import { videoStoreContract } from "../contract/video-store.contract.ts";
import { mariadbForEach } from "../support/mariadb-databases.ts";

const open = mariadbForEach({ after });

videoStoreContract("MariaDB", async (t) => (await open(t)).database);
