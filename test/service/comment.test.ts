import { commentsContract } from "../contract/comments.contract.ts";

commentsContract("SQLite", async () => ({}));
