import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import {
  type Proof,
  parseProof,
  type Reason,
  score,
  Unproven,
  verify,
} from "../../scripts/verify-lottery.ts";
import {
  commitmentOf,
  type DrawOrder,
  drawAmong,
  drawKeyOf,
  scorer,
} from "../../services/lottery/fairness.ts";
import { startRelay } from "../support/lottery/drand-relay.ts";
import recorded from "../support/lottery/quicknet-rounds.json" with { type: "json" };
import vectors from "../support/lottery/vectors.json" with { type: "json" };
import { tempDir } from "../support/temp-dir.ts";

const SCRIPT = join(import.meta.dirname, "..", "..", "scripts", "verify-lottery.ts");
const round = recorded[1] as (typeof recorded)[number];
const entrants = Array.from({ length: 40 }, (_, i) => 1_000 + 7 * i);

/** What the server would publish. */
function proofOf(order: DrawOrder, ids: readonly number[], beacon_round: number | null): Proof {
  return {
    version: 1,
    ...order,
    beacon_round,
    commitment: commitmentOf(order.seed),
    ...drawAmong(order, ids),
    entrants_url: "entrants.json",
  };
}

const order: DrawOrder = {
  lottery_id: 77,
  count: 3,
  seed: "3c".repeat(32),
  beacon: round.randomness,
};
const proof = proofOf(order, entrants, round.round);
const drand = async () => round.randomness;

for (const vector of vectors)
  test(`the draw of vector ${vector.lottery_id} is proven`, async () => {
    const ids = [...new Set(vector.entrants)].sort((a, b) => a - b);
    const vectorProof: Proof = {
      ...vector,
      version: 1,
      beacon_round: vector.beacon === "" ? null : 5,
      entrants: ids.length,
      entrants_url: "",
    };
    const { winners, key } = await verify(vectorProof, ids, async () => vector.beacon);
    assert.deepEqual(winners, vector.winners);
    assert.equal(key.toString("hex"), vector.draw_key);
  });

test("the server's own way to draw and score is proven", async () => {
  const { key } = await verify(proof, entrants, drand, {
    commitment: proof.commitment,
    count: 3,
    round: round.round,
  });
  const scoreOf = scorer(drawKeyOf(order, proof.entries_digest));
  for (const id of entrants) assert.equal(score(key, id), scoreOf(id).toString("hex"));
});

const [a = 0, b = 0, c = 0] = proof.winners;
const loser = entrants.find((id) => !proof.winners.includes(id)) ?? 0;
const more = [...entrants, 5_000];

/** What is changed in a proof that was right, and what has to be said about it. */
const tampered: {
  what: string;
  reason: Reason;
  changes?: Partial<Proof>;
  ids?: number[];
  noted?: Parameters<typeof verify>[3];
}[] = [
  { what: "another seed", reason: "seed", changes: { seed: "3d".repeat(32) } },
  { what: "another commitment", reason: "seed", changes: { commitment: "00".repeat(32) } },
  {
    what: "another seed with its commitment, drawn anew",
    reason: "commitment",
    changes: proofOf({ ...order, seed: "3d".repeat(32) }, entrants, round.round),
    noted: { commitment: proof.commitment },
  },
  { what: "an entrant added to the list", reason: "entrant-added", ids: more },
  { what: "an entrant removed from the list", reason: "entrant-removed", ids: entrants.slice(1) },
  {
    what: "an entrant added and counted",
    reason: "digest",
    ids: more,
    changes: { entrants: more.length },
  },
  {
    what: "an entrant removed and not counted",
    reason: "digest",
    ids: entrants.slice(1),
    changes: { entrants: entrants.length - 1 },
  },
  {
    what: "an entrant added, counted and digested, but not drawn anew",
    reason: "winners",
    ids: more,
    changes: {
      entrants: more.length,
      entries_digest: drawAmong(order, more).entries_digest,
    },
  },
  { what: "an entrant put for another", reason: "digest", ids: [999, ...entrants.slice(1)] },
  { what: "an entrant twice", reason: "entrants-order", ids: [a, a, ...entrants.slice(2)] },
  { what: "a list in another order", reason: "entrants-order", ids: entrants.toReversed() },
  { what: "another digest", reason: "digest", changes: { entries_digest: "00".repeat(32) } },
  { what: "a winner put for another", reason: "winners", changes: { winners: [a, b, loser] } },
  { what: "a winner twice", reason: "winners", changes: { winners: [a, b, b] } },
  { what: "winners who change places", reason: "winners-order", changes: { winners: [b, a, c] } },
  { what: "a smaller count", reason: "count", changes: { count: 2 } },
  { what: "a larger count", reason: "count", changes: { count: 4 } },
  { what: "a winner too few", reason: "count", changes: { winners: [a, b] } },
  {
    what: "a smaller count, drawn anew",
    reason: "count",
    changes: { count: 2, winners: [a, b] },
    noted: { count: 3 },
  },
  { what: "another beacon", reason: "beacon", changes: { beacon: "00".repeat(32) } },
  { what: "a beacon without a round", reason: "beacon", changes: { beacon_round: null } },
  { what: "a round without a beacon", reason: "beacon", changes: { beacon: "" } },
  { what: "another round than promised", reason: "beacon", noted: { round: round.round + 1 } },
  {
    what: "another beacon, drawn anew",
    reason: "beacon",
    changes: proofOf({ ...order, beacon: "11".repeat(32) }, entrants, round.round),
  },
  { what: "another lottery's number", reason: "winners", changes: { lottery_id: 78 } },
];

for (const { what, reason, changes = {}, ids = entrants, noted = {} } of tampered)
  test(`a proof with ${what} fails: ${reason}`, async () => {
    await assert.rejects(
      verify({ ...proof, ...changes }, ids, drand, noted),
      (error) => error instanceof Unproven && error.reason === reason,
    );
  });

test("a promise is told apart from a proof", () => {
  const { version, lottery_id, commitment, beacon_round } = proof;
  assert.throws(
    () => parseProof({ proof: { version, lottery_id, commitment, beacon_round } }),
    (error) => error instanceof Unproven && error.reason === "not-drawn",
  );
});

test("an answer that is no proof names what is wrong with it", () => {
  const wrong = { ...proof, seed: 5, winners: ["1"], count: 0 };
  assert.throws(() => parseProof(wrong), /count, seed, winners/);
  for (const answer of [null, [], "", { ...proof, version: 2 }, { proof: [] }])
    assert.throws(() => parseProof(answer), Unproven);
});

interface Run {
  code: number;
  output: string;
  complaint: string;
}

/** Runs the command as npm does, from a folder of its own. */
function run(cwd: string, ...args: string[]): Promise<Run> {
  return new Promise((resolve) => {
    execFile(process.execPath, [SCRIPT, ...args], { cwd, timeout: 60_000 }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), output: out, complaint: err });
    });
  });
}

/** A server with the proof and the entrants in pages, as the gateway answers them. */
async function serve(t: TestContext, ids: readonly number[]): Promise<string> {
  const answers = (url: URL): object | null => {
    if (url.pathname === "/lottery/proof")
      return { status_code: 0, proof: { ...proof, entrants_url: "/lottery/entrants?after=0" } };
    if (url.pathname !== "/lottery/entrants") return null;
    const rest = ids.filter((id) => id > Number(url.searchParams.get("after")));
    const page = rest.slice(0, 15);
    const next_url = rest.length > 15 ? `/lottery/entrants?after=${page.at(-1)}` : null;
    return { status_code: 0, ids: page, next_url };
  };
  const server = createServer((request, response) => {
    const answer = answers(new URL(request.url ?? "", "http://here"));
    if (answer === null) response.statusCode = 404;
    response.end(JSON.stringify(answer ?? { status_code: 404 }));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("the command proves a draw from a URL, over all pages, with drand's word", async (t) => {
  const [server, relay] = await Promise.all([serve(t, entrants), startRelay(t, () => round)]);
  const { code, output, complaint } = await run(
    await tempDir(t),
    `${server}/lottery/proof?id=77`,
    ...["--drand", relay.url, "--commitment", proof.commitment, "--count", "3"],
    ...["--user", String(loser)],
  );
  assert.equal(complaint, "");
  assert.equal(code, 0);
  assert.match(output, /fair: 3 of 40.*公平/);
  assert.ok(output.includes(proof.winners.join(", ")));
  assert.match(output, new RegExp(`score of ${loser}.*[0-9a-f]{64}`));
});

test("the command says why a draw is not proven, and answers 1", async (t) => {
  const server = await serve(t, more);
  const { code, complaint } = await run(
    await tempDir(t),
    `${server}/lottery/proof?id=77`,
    ...["--beacon", round.randomness],
  );
  assert.equal(code, 1);
  assert.match(complaint, /^✗ entrant-added: .*多了人/);
});

test("the command reads files, and warns where only a seed stands for fairness", async (t) => {
  const folder = await tempDir(t);
  const plain = proofOf({ ...order, beacon: "" }, entrants, null);
  await writeFile(join(folder, "my proof #1.json"), JSON.stringify(plain));
  await writeFile(join(folder, "entrants.json"), JSON.stringify(entrants));
  const { code, output } = await run(folder, "my proof #1.json");
  assert.equal(code, 0);
  assert.match(output, /operator is trusted/);
  assert.ok(output.includes(plain.commitment));
});

test("the command does not believe a relay whose signature and randomness disagree", async (t) => {
  const folder = await tempDir(t);
  const relay = await startRelay(t, () => ({ ...round, randomness: "00".repeat(32) }));
  await writeFile(join(folder, "proof.json"), JSON.stringify(proof));
  await writeFile(join(folder, "entrants.json"), JSON.stringify(entrants));
  const { code, complaint } = await run(folder, "proof.json", "--drand", relay.url);
  assert.equal(code, 1);
  assert.match(complaint, /does not have round 1000/);
});

test("the command explains itself, and fails without a proof", async (t) => {
  const folder = await tempDir(t);
  const help = await run(folder, "--help");
  assert.equal(help.code, 0);
  assert.match(help.output, /--commitment/);
  assert.equal((await run(folder)).code, 1);
  const missing = await run(folder, "nowhere.json");
  assert.equal(missing.code, 1);
  assert.match(missing.complaint, /^✗ unreadable: .*\n.*nowhere\.json/);
  assert.equal((await run(folder, "--wrong")).code, 1);
});

test("the command's file imports nothing but Node", () => {
  const imports = [...readFileSync(SCRIPT, "utf8").matchAll(/(?:from|import)\s*\(?"([^"]+)"/g)];
  assert.ok(imports.length > 0);
  for (const [, name = ""] of imports) assert.match(name, /^node:/);
});
