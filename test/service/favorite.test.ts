import { likesContract } from "../contract/likes.contract.ts";

likesContract("SQLite", async () => ({}));
