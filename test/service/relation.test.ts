import { relationsContract } from "../contract/relations.contract.ts";

relationsContract("SQLite", async () => ({}));
