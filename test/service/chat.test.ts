import { chatsContract } from "../contract/chats.contract.ts";

chatsContract("SQLite", async () => ({}));
