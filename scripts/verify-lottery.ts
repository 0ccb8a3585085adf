/**
 * `npm run verify-lottery -- <proof file or URL>`: recomputes a draw from its proof. This file imports
 * nothing of the server, so that it cannot share its mistakes; docs/lottery.md says what it checks.
 */
import { createHash, createHmac } from "node:crypto";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

/** Every way in which a proof can fail, in English and Chinese. */
const REASONS = {
  unreadable: "the proof cannot be read | 无法读取证明",
  "not-drawn": "the lottery has not been drawn, there is only a promise | 尚未开奖，只有承诺",
  commitment: "the commitment is not the one published before | 承诺值与事先公布的不同",
  seed: "SHA-256(seed) is not the commitment | 种子的 SHA-256 与承诺值不符",
  count: "the number of winners is not what it has to be | 中奖人数不对",
  beacon: "the beacon is not what drand published for the round | 公开随机数与 drand 公布的不符",
  "entrants-order":
    "the list does not ascend, or repeats somebody | 参与者名单未按升序排列或有重复",
  "entrant-added": "the list has more entrants than were drawn among | 参与者名单多了人",
  "entrant-removed": "the list has fewer entrants than were drawn among | 参与者名单少了人",
  digest: "the list is not the one that was digested | 参与者名单与摘要不符",
  winners: "others should have won | 中奖者不对",
  "winners-order": "the winners are right, their order is not | 中奖者正确，但顺序不对",
} as const;

export type Reason = keyof typeof REASONS;

/** Why a draw is not proven. */
export class Unproven extends Error {
  readonly reason: Reason;

  constructor(reason: Reason, detail: string) {
    super(detail);
    this.name = "Unproven";
    this.reason = reason;
  }
}

/** The fields of a proof, version 1. */
export interface Proof {
  version: 1;
  lottery_id: number;
  count: number;
  commitment: string;
  seed: string;
  beacon: string;
  beacon_round: number | null;
  entries_digest: string;
  entrants: number;
  winners: number[];
  entrants_url: string;
}

/** What somebody noted before the draw, to hold the proof against. */
export interface Noted {
  commitment?: string;
  count?: number;
  round?: number;
}

/** Gives the randomness of a drand round; only asked where the proof names one. */
export type Randomness = (round: number) => Promise<string>;

export interface Verdict {
  winners: number[];
  /** What scores are made with. */
  key: Buffer;
}

/**
 * Recomputes a draw.
 *
 * @param entrants user ids as the server lists them
 * @throws Unproven with the first thing that is wrong
 */
export async function verify(
  proof: Proof,
  entrants: AsyncIterable<number> | Iterable<number>,
  randomness: Randomness,
  noted: Noted = {},
): Promise<Verdict> {
  checkPromises(proof, noted);
  await checkBeacon(proof, randomness);
  const ids = await checkedEntrants(proof, entrants);
  const message = `molimoli-lottery-v1|${proof.lottery_id}|${proof.entries_digest}|${proof.beacon}`;
  const key = createHmac("sha256", Buffer.from(proof.seed, "hex")).update(message).digest();
  checkWinners(proof, smallestScores(key, ids, proof.count));
  return { winners: proof.winners, key };
}

function checkPromises(proof: Proof, noted: Noted): void {
  if (noted.commitment !== undefined && noted.commitment.toLowerCase() !== proof.commitment)
    throw new Unproven(
      "commitment",
      `noted ${noted.commitment}, the proof has ${proof.commitment}`,
    );
  const hashed = sha256(Buffer.from(proof.seed, "hex"));
  if (hashed !== proof.commitment)
    throw new Unproven("seed", `it gives ${hashed}, committed was ${proof.commitment}`);
  if (noted.count !== undefined && noted.count !== proof.count)
    throw new Unproven("count", `noted ${noted.count}, the proof has ${proof.count}`);
  const places = Math.min(proof.count, proof.entrants);
  if (proof.winners.length !== places)
    throw new Unproven("count", `${places} have to win, the proof has ${proof.winners.length}`);
  if (noted.round !== undefined && noted.round !== proof.beacon_round)
    throw new Unproven("beacon", `noted round ${noted.round}, not ${proof.beacon_round}`);
}

async function checkBeacon(proof: Proof, randomness: Randomness): Promise<void> {
  if (proof.beacon_round === null) {
    if (proof.beacon === "") return;
    throw new Unproven("beacon", "there is randomness, but no round that it belongs to");
  }
  if (proof.beacon === "") throw new Unproven("beacon", "a round was promised and not used");
  const published = await randomness(proof.beacon_round);
  if (published !== proof.beacon)
    throw new Unproven("beacon", `round ${proof.beacon_round} is ${published}`);
}

async function checkedEntrants(
  proof: Proof,
  entrants: AsyncIterable<number> | Iterable<number>,
): Promise<number[]> {
  const ids: number[] = [];
  const digest = createHash("sha256");
  let last = 0;
  for await (const id of entrants) {
    if (!Number.isSafeInteger(id) || id <= last)
      throw new Unproven("entrants-order", `${id} comes after ${last}`);
    if (ids.length === proof.entrants)
      throw new Unproven("entrant-added", `there were ${proof.entrants}`);
    digest.update(ids.length === 0 ? `${id}` : `,${id}`);
    ids.push(id);
    last = id;
  }
  if (ids.length < proof.entrants)
    throw new Unproven("entrant-removed", `${ids.length} instead of ${proof.entrants}`);
  const computed = digest.digest("hex");
  if (computed !== proof.entries_digest)
    throw new Unproven("digest", `it gives ${computed}, not ${proof.entries_digest}`);
  return ids;
}

function checkWinners(proof: Proof, winners: number[]): void {
  if (winners.every((id, place) => proof.winners[place] === id)) return;
  const claimed = new Set(proof.winners);
  const same = claimed.size === winners.length && winners.every((id) => claimed.has(id));
  const detail = `recomputed ${winners.join(", ")}; the proof has ${proof.winners.join(", ")}`;
  throw new Unproven(same ? "winners-order" : "winners", detail);
}

/** One entrant's score, hex: the smaller, the better. */
export function score(key: Buffer, userId: number): string {
  const id = Buffer.alloc(8);
  id.writeBigUInt64BE(BigInt(userId));
  return createHash("sha256").update(key).update(id).digest("hex");
}

/** The best so far, ascending; whoever is worse than the last of them needs no second look. */
function smallestScores(key: Buffer, ids: number[], count: number): number[] {
  const best: { id: number; score: string }[] = [];
  for (const id of ids) {
    const entry = { id, score: score(key, id) };
    if (best.length === count && entry.score >= (best.at(-1)?.score ?? "")) continue;
    let low = 0;
    for (let high = best.length; low < high; ) {
      const middle = (low + high) >> 1;
      if ((best[middle]?.score ?? "") <= entry.score) low = middle + 1;
      else high = middle;
    }
    best.splice(low, 0, entry);
    if (best.length > count) best.pop();
  }
  return best.map(({ id }) => id);
}

/**
 * Takes a proof out of what a server answered.
 *
 * @throws Unproven when it is none
 */
export function parseProof(answer: unknown): Proof {
  const outer = fieldsOf(answer);
  const proof = fieldsOf(outer.proof ?? outer);
  if (proof.version !== 1) throw new Unproven("unreadable", "no proof of version 1");
  if (proof.seed === undefined) throw new Unproven("not-drawn", `lottery ${proof.lottery_id}`);
  const id = (value: unknown) => Number.isSafeInteger(value) && (value as number) > 0;
  const hex = (value: unknown) => typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
  const right: Record<keyof Omit<Proof, "version">, boolean> = {
    lottery_id: id(proof.lottery_id),
    count: id(proof.count),
    commitment: hex(proof.commitment),
    seed: hex(proof.seed),
    beacon: proof.beacon === "" || hex(proof.beacon),
    beacon_round: proof.beacon_round === null || id(proof.beacon_round),
    entries_digest: hex(proof.entries_digest),
    entrants: proof.entrants === 0 || id(proof.entrants),
    winners: Array.isArray(proof.winners) && proof.winners.every(id),
    entrants_url: typeof proof.entrants_url === "string",
  };
  const wrong = Object.entries(right).flatMap(([name, well]) => (well ? [] : [name]));
  if (wrong.length > 0) throw new Unproven("unreadable", `wrong or missing: ${wrong.join(", ")}`);
  return proof as unknown as Proof;
}

/** The entrants, page by page: `{ids, next_url}` each, or all of them as one list. */
export async function* readEntrants(first: URL): AsyncGenerator<number> {
  for (let at: URL | null = first; at !== null; ) {
    const answer = await readJson(at);
    const page = Array.isArray(answer) ? { ids: answer } : fieldsOf(answer);
    if (!Array.isArray(page.ids)) throw new Unproven("unreadable", `no list of ids at ${at.href}`);
    yield* page.ids as number[];
    const next: unknown = page.next_url ?? null;
    if (next !== null && page.ids.length === 0)
      throw new Unproven("unreadable", `an empty page before the last one at ${at.href}`);
    at = next === null ? null : new URL(String(next), at);
  }
}

const QUICKNET = "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971";

/** Looks rounds up at a relay of drand, which is taken at its word: choose one you trust. */
const fromRelay =
  (relay: string): Randomness =>
  async (round) => {
    const at = new URL(`${relay.replace(/\/+$/, "")}/${QUICKNET}/public/${round}`);
    const answer = fieldsOf(await readJson(at));
    const signature = Buffer.from(String(answer.signature), "hex");
    if (answer.round !== round || sha256(signature) !== answer.randomness)
      throw new Unproven("unreadable", `${at.host} does not have round ${round}`);
    return answer.randomness;
  };

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function fieldsOf(value: unknown): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new Unproven("unreadable", "an object was expected");
}

async function readJson(at: URL): Promise<unknown> {
  try {
    if (at.protocol === "file:") return JSON.parse(await readFile(at, "utf8"));
    const response = await fetch(at, { signal: AbortSignal.timeout(30_000) });
    const text = await response.text();
    if (!response.ok) throw new Error(`status ${response.status}: ${text.slice(0, 200)}`);
    return JSON.parse(text);
  } catch (error) {
    const { message, cause } = error as Error;
    const why = cause instanceof Error ? `${message}: ${cause.message}` : message;
    throw new Unproven("unreadable", `${at.href}: ${why}`);
  }
}

const HELP = `npm run verify-lottery -- PROOF [options]

Recomputes a draw from its proof, a file or a URL (…/lottery/proof?id=…), without trusting the
server that made it. Exit code 0: fair, 1: not proven, and the reason.
根据证明重新计算一次抽奖，不依赖服务器的代码；退出码 0 表示公平，1 表示无法证明，并给出原因。

What you noted before the draw | 开奖前记下的内容:
  --commitment HEX   the commitment that was published | 公布的承诺值
  --count N          how many were to win | 中奖人数
  --round N          the drand round that was promised | 约定的 drand 轮次

Where things are | 数据来源:
  --entrants AT      file or URL of the entrants, instead of the proof's own | 参与者名单
  --server URL       where the paths in a proof file begin | 证明文件中相对路径的起点
  --drand URL        relay that rounds are looked up at (https://api.drand.sh) | drand 中继
  --beacon HEX       the round's randomness, if you looked it up yourself | 自己查到的随机数

  --user ID          also shows the score of one entrant | 同时显示某位参与者的得分
`;

async function main(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      commitment: { type: "string" },
      count: { type: "string" },
      round: { type: "string" },
      entrants: { type: "string" },
      server: { type: "string" },
      drand: { type: "string", default: "https://api.drand.sh" },
      beacon: { type: "string" },
      user: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const [where] = positionals;
  if (values.help || where === undefined) {
    process.stdout.write(HELP);
    process.exitCode = values.help ? 0 : 1;
    return;
  }
  const at = given(where);
  const proof = parseProof(await readJson(at));
  const entrants = values.entrants
    ? given(values.entrants)
    : new URL(proof.entrants_url, values.server ?? at);
  const { beacon } = values;
  const { key } = await verify(
    proof,
    readEntrants(entrants),
    beacon === undefined ? fromRelay(values.drand) : async () => beacon.toLowerCase(),
    {
      ...(values.commitment !== undefined && { commitment: values.commitment }),
      ...(values.count !== undefined && { count: Number(values.count) }),
      ...(values.round !== undefined && { round: Number(values.round) }),
    },
  );
  report(proof, key, values);
}

/** A URL as it is, or a path. */
function given(where: string): URL {
  return /^https?:\/\//.test(where) ? new URL(where) : pathToFileURL(resolve(where));
}

function report(
  proof: Proof,
  key: Buffer,
  { commitment, user }: { commitment?: string | undefined; user?: string | undefined },
): void {
  const drawn = `${proof.winners.length} of ${proof.entrants}`;
  console.log(`✓ fair: ${drawn}, lottery ${proof.lottery_id} | 公平：重新计算的结果一致`);
  console.log(`  winners | 中奖者: ${proof.winners.join(", ") || "–"}`);
  if (user !== undefined) console.log(`  score of ${user} | 得分: ${score(key, Number(user))}`);
  if (commitment === undefined)
    console.log(
      "  ! compare the commitment with the one published before | 请核对事先公布的承诺值:",
    );
  if (commitment === undefined) console.log(`    ${proof.commitment}`);
  if (proof.beacon_round === null)
    console.log(
      "  ! no beacon: the operator is trusted not to have added entrants | 没有公开随机数：须相信运营者没有添加参与者",
    );
}

if (import.meta.main)
  try {
    await main(process.argv.slice(2));
  } catch (error) {
    process.exitCode = 1;
    if (error instanceof Unproven)
      console.error(`✗ ${error.reason}: ${REASONS[error.reason]}\n  ${error.message}`);
    else console.error(`✗ ${(error as Error).message}`);
  }
