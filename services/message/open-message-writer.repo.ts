import type { Sequelize } from "sequelize";
import type { MessageWriter } from "./message-writer.ts";
import { MysqlMessageWriter } from "./mysql-message-writer.repo.ts";
import { SqliteMessageWriter } from "./sqlite-message-writer.repo.ts";

/** The writer for the database of this node. */
export function openMessageWriter(database: Sequelize): MessageWriter {
  return database.getDialect() === "sqlite"
    ? new SqliteMessageWriter(database)
    : new MysqlMessageWriter(database);
}
