import { QueryTypes, type Sequelize } from "sequelize";
import { fail } from "../../contracts/errors.ts";
import type { MessageRecord } from "../../contracts/message-record.ts";
import { COLUMNS, type MessageWriter, pack } from "./message-writer.ts";

// Unpacked texts otherwise have the database's default, which on many servers is Latin-1.
const UNICODE = "CHARACTER SET utf8mb4";

// Texts are wider than their columns: what is too long for a type here would be cut in silence.
const TYPES: Record<(typeof COLUMNS)[number], string> = {
  id: "BIGINT",
  live_id: "BIGINT",
  user_id: "BIGINT",
  user_name: `TEXT ${UNICODE}`,
  type: "TINYINT",
  live_time: "INT",
  send_time: "BIGINT",
  content: `LONGTEXT ${UNICODE}`,
  style: `LONGTEXT ${UNICODE}`,
  data: `LONGTEXT ${UNICODE}`,
  lottery_id: "BIGINT",
};

const names = COLUMNS.join(", ");
const unpacked = COLUMNS.map(
  (name, index) => `${name} ${TYPES[name]} PATH '$[${index}]' ERROR ON ERROR`,
).join(", ");

// An update that changes nothing rather than IGNORE, which would also cut texts that are too long.
const INSERT = `INSERT INTO messages (${names})
  SELECT ${names} FROM JSON_TABLE($1, '$[*]' COLUMNS (${unpacked})) AS packed
  ON DUPLICATE KEY UPDATE messages.id = messages.id`;

/** Writes to MySQL 8 or MariaDB 10.6 and later, which know JSON_TABLE. */
export class MysqlMessageWriter implements MessageWriter {
  readonly #sequelize: Sequelize;
  #closed = false;

  constructor(sequelize: Sequelize) {
    this.#sequelize = sequelize;
  }

  async append(messages: MessageRecord[]): Promise<void> {
    const packed = pack(messages);
    if (this.#closed) fail("UNAVAILABLE");
    await this.#sequelize.query(INSERT, { bind: [packed], type: QueryTypes.RAW });
  }

  async close(): Promise<void> {
    this.#closed = true;
  }
}
