import { after } from "node:test";
import { commentsContract } from "../contract/comments.contract.ts";
import { likesContract } from "../contract/likes.contract.ts";
import { mariadbForEach } from "../support/mariadb-databases.ts";

const open = mariadbForEach({ after });

likesContract("MariaDB", async (t) => (await open(t)).env);
commentsContract("MariaDB", async (t) => (await open(t)).env);
