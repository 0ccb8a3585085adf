import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, it, type TestContext } from "node:test";
import { Etcd3 } from "etcd3";
import { openEtcd } from "../../lib/etcd/connect.ts";
import { ConfigUnavailable } from "../../services/config/config-store.ts";
import { EtcdConfigStore } from "../../services/config/etcd-config-store.ts";
import { configStoreContract } from "../contract/config-store.contract.ts";
import { cleanUp } from "../support/cleanup.ts";
import { startEtcd } from "../support/etcd.ts";
import { startStack } from "../support/stack.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

const file = { after };
const { etcd: shared } = await startStack(file, { etcd: true });
const { etcd: locked } = await startStack(file, { etcd: { auth: true } });

configStoreContract("a key of etcd", async (t) => place(t, shared.url));
configStoreContract("a key of an etcd that asks who we are", async (t) => place(t, locked.url));

/** Less than the time between two polls. */
const WATCHED_MS = 4_000;

let places = 0;

/** A key of its own, empty at first. */
function place(t: TestContext, url: string) {
  const key = `test/${++places}`;
  const operator = openEtcd(url);
  cleanUp(t, () => operator.close());
  return {
    store: () => new EtcdConfigStore(openEtcd(url), key),
    write: async (text: string) => {
      await operator.put(key).value(text).exec();
    },
    remove: () => operator.delete().key(key).exec(),
    compact: async () => {
      const { header } = await operator.get(key).exec();
      await operator.kv.compact({ revision: header.revision, physical: true });
    },
  };
}

/** A store that is closed at the end, and what it tells. */
function open(t: TestContext, url: string) {
  const { store: make, write, ...rest } = place(t, url);
  const store = make();
  cleanUp(t, () => store.close());
  let told = 0;
  const watch = async () => {
    const before = told;
    store.watch(() => told++);
    await waitFor(() => told > before, { message: "the watch to begin" });
  };
  const toldAfter = async (change: () => Promise<unknown>) => {
    const before = told;
    await change();
    await waitFor(() => told > before, { timeoutMs: WATCHED_MS, message: "the change to be told" });
  };
  /** Each in less time than lies between two polls, so that one of them alone cannot tell them. */
  const toldEachTime = async () => {
    for (const text of ["x", "y", "z"]) await toldAfter(() => write(text));
  };
  return { store, watch, toldAfter, toldEachTime, write, ...rest };
}

it("an etcd store tells that its key was removed, and is empty then", async (t) => {
  const { store, watch, toldAfter, toldEachTime, remove } = open(t, shared.url);
  await watch();
  await toldEachTime();
  await toldAfter(remove);
  assert.deepEqual(await store.load(), { text: null, revision: 0 });
});

it("an etcd store has growing revisions", async (t) => {
  const { store, write, remove } = open(t, shared.url);
  const first = await store.save("b", 0);
  const second = await store.save("a", first);
  await write("b");
  const third = (await store.load()).revision;
  await remove();
  const fourth = await store.save("a", 0);
  assert.deepEqual(
    [first, second, third, fourth].toSorted((a, b) => a - b),
    [first, second, third, fourth],
  );
});

it("an etcd store uses the members that are there", async (t) => {
  // Nobody can listen on port 1 without being told to.
  const url = `http://127.0.0.1:1,${shared.url},http://127.0.0.1:2`;
  const { store, watch, toldEachTime } = open(t, url);
  await store.save("a", 0);
  await watch();
  await toldEachTime();
  assert.equal((await store.load()).text, "z");
});

for (const [name, server] of [
  ["an etcd", shared],
  ["an etcd that asks who we are", locked],
] as const) {
  it(`an etcd store finds back to ${name} that was killed and started again`, async (t) => {
    const { store, watch, toldAfter, toldEachTime, write } = open(t, server.url);
    await write("a");
    await watch();
    await toldAfter(() => server.kill());
    await assert.rejects(store.load(), ConfigUnavailable);
    await server.start();
    await waitFor(async () => (await store.load()).text === "a");
    await toldEachTime();
    await store.save("b", (await store.load()).revision);
  });
}

it("an etcd store that watches since before there was an etcd tells of changes", async (t) => {
  const { etcd } = await startStack(t, { etcd: true });
  await etcd.kill();
  const { store, watch, toldEachTime } = open(t, etcd.url);
  const watching = watch();
  await assert.rejects(store.load(), ConfigUnavailable);
  await etcd.start();
  await watching;
  await toldEachTime();
});

it("an etcd store tells of changes after etcd has forgotten the past", async (t) => {
  const { etcd } = await startStack(t, { etcd: true });
  const { watch, toldAfter, toldEachTime, write, compact } = open(t, etcd.url);
  await write("a");
  await watch();
  await toldAfter(() => etcd.kill("SIGSTOP").then(() => etcd.kill()));
  await etcd.start();
  await write("b");
  await write("c");
  await compact();
  await toldEachTime();
});

it("an etcd store gives up an etcd that stands still, and can be closed meanwhile", async (t) => {
  const { etcd } = await startStack(t, { etcd: true });
  const { store, watch } = open(t, etcd.url);
  await watch();
  await etcd.kill("SIGSTOP");
  await assert.rejects(store.load(), ConfigUnavailable);
  await store.close();
  await etcd.kill("SIGCONT");
});

for (const [kind, flags] of [
  ["simple", async () => []],
  ["signed", signedTokens],
] as const) {
  it(`an etcd store goes on when etcd's users were changed (${kind} tokens)`, async (t) => {
    const { address } = await startEtcd(t, await flags(t));
    const url = `http://root:wurzel@${address}`;
    await lock(`http://${address}`, "wurzel");
    const { store, watch, toldEachTime, write } = open(t, url);
    await write("a");
    await watch();
    const operator = openEtcd(url);
    cleanUp(t, () => operator.close());
    await operator.user("later").create("secret");
    await operator.user("root").setPassword("wurzel");
    assert.equal((await store.load()).text, "a");
    await store.save("b", (await store.load()).revision);
    await toldEachTime();
  });
}

it("an etcd store says that etcd refuses its password, but not the password", async (t) => {
  const wrong = locked.url.replace(/:[^:@]+@/, ":falsch@");
  const store = new EtcdConfigStore(openEtcd(wrong));
  cleanUp(t, () => store.close());
  await assert.rejects(store.load(), (error: Error) => {
    assert.match(error.message, /^etcd refuses \(.*authentication failed/);
    assert.doesNotMatch(error.message, /falsch/);
    return !(error instanceof ConfigUnavailable);
  });
});

/** Lets in nobody but root from now on. */
async function lock(hosts: string, password: string): Promise<void> {
  const client = new Etcd3({ hosts });
  await client.user("root").create(password);
  await client.role("root").create();
  await client.user("root").addRole("root");
  await client.auth.authEnable();
  client.close();
}

/** Tokens that etcd signs instead of remembering them. */
async function signedTokens(t: TestContext): Promise<string[]> {
  const folder = await tempDir(t);
  const { privateKey, publicKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  await writeFile(join(folder, "private.pem"), privateKey);
  await writeFile(join(folder, "public.pem"), publicKey);
  const keys = `pub-key=${join(folder, "public.pem")},priv-key=${join(folder, "private.pem")}`;
  return ["--auth-token", `jwt,${keys},sign-method=RS256,ttl=10m`];
}
