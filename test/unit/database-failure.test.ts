import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  ConnectionAcquireTimeoutError,
  ConnectionRefusedError,
  DatabaseError,
  TimeoutError,
  UniqueConstraintError,
} from "sequelize";
import { describeFailure, isUnreachable } from "../../lib/database/failure.ts";

/** What a driver throws, the way Sequelize expects it. */
function driverError(message: string, extra: object = {}): Error & { sql: string } {
  return Object.assign(new Error(message), { sql: "INSERT INTO rooms VALUES ('s3cret')" }, extra);
}

describe("a database failure", () => {
  it("is out of reach when there is no connection", () => {
    assert.ok(isUnreachable(new ConnectionRefusedError(driverError("refused"))));
    assert.ok(isUnreachable(new ConnectionAcquireTimeoutError(driverError("none free"))));
  });

  it("is out of reach when the connection broke, or another lock is in the way", () => {
    for (const code of ["PROTOCOL_CONNECTION_LOST", "ECONNRESET", "ER_LOCK_DEADLOCK"])
      assert.ok(isUnreachable(new DatabaseError(driverError("gone", { code }))), code);
    assert.ok(isUnreachable(new DatabaseError(driverError("closed state", { fatal: true }))));
    assert.ok(isUnreachable(new TimeoutError(driverError("locked", { code: "SQLITE_BUSY" }))));
  });

  it("is not out of reach when the statement is wrong, or the mistake is elsewhere", () => {
    const missing = driverError("no such table: rooms", { code: "SQLITE_ERROR" });
    for (const error of [new DatabaseError(missing), missing, new Error("x"), null, "text"])
      assert.ok(!isUnreachable(error));
  });

  it("is described by its kind, code and message", () => {
    const missing = driverError("SQLITE_ERROR: no such table: rooms", { code: "SQLITE_ERROR" });
    assert.match(
      describeFailure(new DatabaseError(missing)),
      /DatabaseError.*no such table: rooms/,
    );
  });

  it("is described without any value of the statement", () => {
    const duplicate = driverError("Duplicate entry 's3cret 'quoted'' for key 'rooms_key'", {
      code: "ER_DUP_ENTRY",
    });
    const error = new UniqueConstraintError({
      parent: duplicate,
      fields: { rooms_key: "s3cret" },
    });
    assert.match(describeFailure(error), /UniqueConstraintError: ER_DUP_ENTRY/);
    assert.doesNotMatch(describeFailure(error), /s3cret|quoted/);
  });

  it("is described by its stack when it does not come from the database", () => {
    assert.match(describeFailure(new TypeError("x is not a function")), /TypeError: x is not.*\n/);
    assert.equal(describeFailure("thrown text"), "thrown text");
  });
});
