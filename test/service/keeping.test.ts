import { keepingContract } from "../contract/keeping.contract.ts";

keepingContract("SQLite", async () => ({}));
