import { BaseError, ConnectionError, TimeoutError } from "sequelize";

/** Driver codes for: the server is gone, full or busy with someone else's lock. It may pass. */
const PASSING: ReadonlySet<unknown> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "PROTOCOL_CONNECTION_LOST",
  "ER_CON_COUNT_ERROR",
  "ER_LOCK_DEADLOCK",
  "ER_LOCK_WAIT_TIMEOUT",
  "ER_SERVER_SHUTDOWN",
  "SQLITE_BUSY",
  "SQLITE_LOCKED",
]);

/** MariaDB's and MySQL's numbers for: this transaction was rolled back in favour of another one. */
const LOST_LOCK: ReadonlySet<unknown> = new Set([1213, 1020]);

/** What the driver said, below Sequelize's wrapping. */
interface DriverError extends Error {
  code?: unknown;
  errno?: unknown;
  /** mysql2: five characters, of which the first two are a class that all databases share. */
  sqlState?: string;
  /** mysql2: the connection is beyond use. */
  fatal?: unknown;
}

/** Whether an error comes from the database because it cannot be reached or is held up. */
export function isUnreachable(error: unknown): boolean {
  if (error instanceof ConnectionError || error instanceof TimeoutError) return true;
  const driver = driverError(error);
  return driver !== null && (driver.fatal === true || PASSING.has(driver.code));
}

/** Whether a transaction failed only because another one came across it: it may be run again at once. */
export function isLostLock(error: unknown): boolean {
  return LOST_LOCK.has(driverError(error)?.errno);
}

/** Driver codes for: such a value cannot be kept, today or tomorrow. */
const UNFIT: ReadonlySet<unknown> = new Set([
  "SQLITE_CONSTRAINT",
  "SQLITE_MISMATCH",
  "SQLITE_TOOBIG",
  "SQLITE_RANGE",
]);

/** Whether the database refuses what it was given, however often it is asked. */
export function isUnfit(error: unknown): boolean {
  const driver = driverError(error);
  if (driver === null) return false;
  // Classes of the SQL standard: data exceptions, and violated constraints.
  return UNFIT.has(driver.code) || /^2[23]/.test(driver.sqlState ?? "");
}

/**
 * What a log may say of an error. Sequelize's own errors carry the statement with all its values
 * (stream keys, password hashes), and MySQL quotes values in its messages.
 */
export function describeFailure(error: unknown): string {
  if (!(error instanceof BaseError))
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  const driver = driverError(error);
  const code = typeof driver?.code === "string" ? `${driver.code}: ` : "";
  const message = (driver ?? error).message.replace(/'[\s\S]*'/, "'…'");
  return `${error.name}: ${code}${message}`;
}

function driverError(error: unknown): DriverError | null {
  const parent = (error as { parent?: unknown } | null)?.parent;
  return error instanceof BaseError && parent instanceof Error ? parent : null;
}
