import type { PushBatch } from "../../contracts/events.ts";
import type { RedisClient } from "../redis/connect.ts";
import { defineScript, type RedisScript } from "../redis/script.ts";
import {
  checkChain,
  countMessages,
  endOf,
  firstOf,
  lastIdOf,
  type StoredTail,
  TAIL_LIMITS,
  type TailLimits,
  type TailStore,
} from "./tail-store.ts";

/**
 * A room is two keys in one slot. The head is a hash: token, and while there is a tail, prev (the id
 * before the oldest batch), last (the last id) and messages (how many). The batches are a stream: the
 * entry of a batch has the batch's last id as its own, with n (messages), head (the batch as JSON
 * without its text) and text, which thus needs no quoting.
 *
 * Redis may drop one of the keys when its memory is full; then nothing counts as kept.
 *
 * Ids are compared and handed on as text: Lua's numbers hold them, but its way of writing numbers
 * rounds to 14 digits.
 *
 * KEYS of all scripts: head, batches. ARGV begins with token and ttl.
 */
const CLAIM = `
local token, prev, last, messages = unpack(redis.call('HMGET', KEYS[1], 'token', 'prev', 'last', 'messages'))
if token and tonumber(token) > tonumber(ARGV[1]) then return 'fenced' end
if token ~= ARGV[1] then redis.call('HSET', KEYS[1], 'token', ARGV[1]) end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
`;

/** Nothing is kept, or only half of it: prev, last and messages are unset. */
const WHOLE = `
if not last or last ~= prev and redis.call('EXISTS', KEYS[2]) == 0 then
  redis.call('HDEL', KEYS[1], 'prev', 'last', 'messages')
  redis.call('DEL', KEYS[2])
  last = nil
end
`;

const LOAD = `${CLAIM}${WHOLE}
if not last then return false end
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return {prev, redis.call('XRANGE', KEYS[2], '-', '+')}
`;

/**
 * ARGV goes on: how many messages to keep, prev of the first batch and last of the last one, and for
 * each batch last, n, head, text.
 */
const APPEND = `${CLAIM}${WHOLE}
local keep, before, id = tonumber(ARGV[3]), ARGV[4], ARGV[5]
if not last then prev, last, messages = '0', '0', '0' end
if last ~= before then
  local same = redis.call('XRANGE', KEYS[2], id .. '-0', id .. '-0')
  return #same > 0 and 'ok' or 'gap'
end
for i = 6, #ARGV, 4 do
  redis.call('XADD', KEYS[2], ARGV[i] .. '-0', 'n', ARGV[i + 1], 'head', ARGV[i + 2], 'text', ARGV[i + 3])
  messages = messages + ARGV[i + 1]
end
while messages > keep do
  local oldest = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)[1]
  local n = tonumber(oldest[2][2])
  if messages - n < keep then break end
  redis.call('XDEL', KEYS[2], oldest[1])
  prev = string.match(oldest[1], '%d+')
  messages = messages - n
end
redis.call('HSET', KEYS[1], 'prev', prev, 'last', id, 'messages', messages)
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return 'ok'
`;

/** ARGV goes on: prev and last of the tail, how many messages, and for each batch last, n, head, text. */
const REPLACE = `${CLAIM}
redis.call('DEL', KEYS[2])
for i = 6, #ARGV, 4 do
  redis.call('XADD', KEYS[2], ARGV[i] .. '-0', 'n', ARGV[i + 1], 'head', ARGV[i + 2], 'text', ARGV[i + 3])
end
redis.call('HSET', KEYS[1], 'prev', ARGV[3], 'last', ARGV[4], 'messages', ARGV[5])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return 'ok'
`;

const DROP = `
redis.call('HDEL', KEYS[1], 'prev', 'last', 'messages')
redis.call('DEL', KEYS[2])
return 'ok'
`;

type Entry = [id: string, fields: string[]];

/** Tails for owners on all nodes that share a Redis. Its calls reject while Redis cannot be reached. */
export class RedisTailStore implements TailStore {
  private readonly limits: Required<TailLimits>;
  private readonly prefix: string;
  private readonly loadScript: RedisScript<"fenced" | null | [prev: string, entries: Entry[]]>;
  private readonly appendScript: RedisScript<"ok" | "fenced" | "gap">;
  private readonly replaceScript: RedisScript<"ok" | "fenced">;
  private readonly dropScript: RedisScript<"ok">;

  /** @param options.prefix goes before the names of all keys */
  constructor(redis: RedisClient, options: TailLimits & { prefix?: string } = {}) {
    const { prefix = "molimoli:tail:", ...limits } = options;
    this.limits = { ...TAIL_LIMITS, ...limits };
    this.prefix = prefix;
    this.loadScript = defineScript(redis, 2, LOAD);
    this.appendScript = defineScript(redis, 2, APPEND);
    this.replaceScript = defineScript(redis, 2, REPLACE);
    this.dropScript = defineScript(redis, 2, DROP);
  }

  async load(liveId: number, token: number): Promise<StoredTail | null | "fenced"> {
    const answer = await this.loadScript(...this.keys(liveId), token, this.limits.ttlMs);
    if (answer === "fenced" || answer === null) return answer;
    const [prev, entries] = answer;
    return { prev: Number(prev), batches: entries.map(toBatch) };
  }

  async append(
    liveId: number,
    token: number,
    ...batches: PushBatch[]
  ): Promise<"ok" | "fenced" | "gap"> {
    const { prev } = firstOf(batches);
    const last = checkChain(prev, batches);
    const { messages, ttlMs } = this.limits;
    const args = [token, ttlMs, messages, prev, last, ...batches.flatMap(toArguments)];
    return this.appendScript(...this.keys(liveId), ...args);
  }

  async replace(liveId: number, token: number, tail: StoredTail): Promise<"ok" | "fenced"> {
    const { messages, ttlMs } = this.limits;
    const { prev, batches } = endOf(tail, messages);
    const last = batches.at(-1);
    const args = [prev, last === undefined ? prev : lastIdOf(last), countMessages(batches)];
    return this.replaceScript(
      ...this.keys(liveId),
      ...[token, ttlMs, ...args, ...batches.flatMap(toArguments)],
    );
  }

  async drop(liveId: number): Promise<void> {
    await this.dropScript(...this.keys(liveId));
  }

  private keys(liveId: number): [head: string, batches: string] {
    return [`${this.prefix}{${liveId}}`, `${this.prefix}{${liveId}}:batches`];
  }
}

function toArguments(batch: PushBatch): (string | number)[] {
  const { text, ...head } = batch;
  return [lastIdOf(batch), batch.ids.length, JSON.stringify(head), text];
}

function toBatch([, [, , , head = "", , text = ""]]: Entry): PushBatch {
  return { ...JSON.parse(head), text };
}
