import type { RedisClient } from "../redis/connect.ts";
import { defineScript, type RedisScript } from "../redis/script.ts";
import { checkLease, type Lease, type LeaseStore, REMEMBERED_MS } from "./lease-store.ts";

/**
 * A name is one hash: holder ("" once released), token, until (by Redis' clock) and note. It
 * outlives its lease by a day, so that the token goes on from where it was.
 *
 * A new token is the old one plus one, or the microseconds of Redis' clock if those are more, which
 * they practically always are. So it also grows when Redis has forgotten the old one (a flush, a
 * restart without persistence, a failover that lost the last writes), unless its clock was set back
 * at the same time.
 *
 * Times are microseconds: a millisecond that is rounded down would end a lease before its holder
 * believes that. Numbers become text with %.0f: Lua's own way rounds them to 14 digits.
 */
const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
`;

/** Never shortens a lease: somebody may count on the time of before. */
const HOLD = `
local function hold(holder, token, till, ttl, remembered)
  till = math.max(now + ttl * 1000, tonumber(till) or 0)
  redis.call('HSET', KEYS[1], 'holder', holder, 'token', token, 'until', string.format('%.0f', till))
  redis.call('PEXPIRE', KEYS[1], string.format('%.0f', (till - now) / 1000 + remembered))
end
`;

/** KEYS: the name. ARGV: holder, ttl, how long to remember. Answers {token, note} or nothing. */
const ACQUIRE = `${NOW}${HOLD}
local holder, token, till, note = unpack(redis.call('HMGET', KEYS[1], 'holder', 'token', 'until', 'note'))
local held = holder and tonumber(till) > now
if held and holder ~= ARGV[1] then return false end
if not held then
  token = string.format('%.0f', math.max((tonumber(token) or 0) + 1, now))
end
hold(ARGV[1], token, till, ARGV[2], ARGV[3])
return {token, note}
`;

/**
 * KEYS: the name. ARGV: holder, token, ttl, how long to remember, perhaps a note. Answers 1 or 0. A
 * lower token than ours is of a time that Redis went back to: ours is the later one.
 */
const RENEW = `${NOW}${HOLD}
local holder, token, till = unpack(redis.call('HMGET', KEYS[1], 'holder', 'token', 'until'))
local later = (tonumber(token) or 0) - ARGV[2]
if later > 0 or later == 0 and holder ~= ARGV[1] then return 0 end
hold(ARGV[1], ARGV[2], later == 0 and till, ARGV[3], ARGV[4])
if ARGV[5] then redis.call('HSET', KEYS[1], 'note', ARGV[5]) end
return 1
`;

/** KEYS: the name. ARGV: holder, token, how long to remember, perhaps a note. */
const RELEASE = `
local holder, token = unpack(redis.call('HMGET', KEYS[1], 'holder', 'token'))
if holder ~= ARGV[1] or token ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'holder', '', 'until', '0')
if ARGV[4] then redis.call('HSET', KEYS[1], 'note', ARGV[4]) end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
`;

/** KEYS: the name. Answers {holder, token} or nothing. */
const CURRENT = `${NOW}
local holder, token, till = unpack(redis.call('HMGET', KEYS[1], 'holder', 'token', 'until'))
if not holder or tonumber(till) <= now then return false end
return {holder, token}
`;

export interface RedisLeaseStoreOptions {
  /** Monotonic milliseconds, as `performance.now()`. */
  now?: () => number;
  /** Goes before the names of all keys. */
  prefix?: string;
}

/** Leases of everybody who shares a Redis. Its calls reject while Redis cannot be reached. */
export class RedisLeaseStore implements LeaseStore {
  private readonly now: () => number;
  private readonly prefix: string;
  private readonly acquireScript: RedisScript<[token: string, note: string | null] | null>;
  private readonly renewScript: RedisScript<number>;
  private readonly releaseScript: RedisScript<number>;
  private readonly currentScript: RedisScript<[holder: string, token: string] | null>;

  constructor(redis: RedisClient, options: RedisLeaseStoreOptions = {}) {
    this.now = options.now ?? (() => performance.now());
    this.prefix = options.prefix ?? "molimoli:lease:";
    this.acquireScript = defineScript(redis, 1, ACQUIRE);
    this.renewScript = defineScript(redis, 1, RENEW);
    this.releaseScript = defineScript(redis, 1, RELEASE);
    this.currentScript = defineScript(redis, 1, CURRENT);
  }

  async acquire(name: string, holder: string, ttlMs: number): Promise<Lease | null> {
    checkLease(name, holder, ttlMs);
    const untilMs = this.now() + ttlMs;
    const answer = await this.acquireScript(this.key(name), holder, ttlMs, REMEMBERED_MS);
    if (answer === null) return null;
    const [token, note] = answer;
    return { name, holder, token: Number(token), untilMs, note };
  }

  async renew(lease: Lease, ttlMs: number, note?: string): Promise<boolean> {
    const { name, holder, token } = lease;
    checkLease(name, holder, ttlMs);
    const args = [holder, token, ttlMs, REMEMBERED_MS, ...asArgument(note)];
    return (await this.renewScript(this.key(name), ...args)) === 1;
  }

  async release(lease: Lease, note?: string): Promise<void> {
    const { name, holder, token } = lease;
    const args = [holder, token, REMEMBERED_MS, ...asArgument(note)];
    await this.releaseScript(this.key(name), ...args);
  }

  async current(name: string): Promise<{ holder: string; token: number } | null> {
    const answer = await this.currentScript(this.key(name));
    return answer === null ? null : { holder: answer[0], token: Number(answer[1]) };
  }

  private key(name: string): string {
    return `${this.prefix}{${name}}`;
  }
}

function asArgument(note: string | undefined): string[] {
  return note === undefined ? [] : [note];
}
