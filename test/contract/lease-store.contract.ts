import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import type { Lease, LeaseStore } from "../../lib/lease/lease-store.ts";
import { chance } from "../support/chance.ts";
import { waitFor } from "../support/wait-for.ts";

/** Longer than any test. */
const LONG_MS = 60_000;
/** Over in a moment. */
const SHORT_MS = 50;

/** What a store of leases has to do. `open` answers what makes one more client of the same leases. */
export function leaseStoreContract(
  name: string,
  open: (t: TestContext) => Promise<() => LeaseStore>,
): void {
  async function twoStores(t: TestContext) {
    const store = await open(t);
    return { store: store(), other: store() };
  }

  describe(`a store of leases: ${name}`, () => {
    it("gives a free name to who asks for it, and tells who holds it", async (t) => {
      const { store, other } = await twoStores(t);
      assert.equal(await other.current("room:1"), null);
      const lease = await taken(store, "room:1", "anna");
      assert.ok(Number.isSafeInteger(lease.token) && lease.token > 0, `${lease.token}`);
      assert.deepEqual(await other.current("room:1"), { holder: "anna", token: lease.token });
    });

    it("gives it to nobody else while it is held", async (t) => {
      const { store, other } = await twoStores(t);
      await taken(store, "room:1", "anna");
      assert.equal(await other.acquire("room:1", "ben", LONG_MS), null);
      assert.equal(await store.acquire("room:1", "ben", LONG_MS), null);
    });

    it("gives it again with the same token to who holds it, for a time that starts anew", async (t) => {
      const { store, other } = await twoStores(t);
      const first = await taken(store, "room:1", "anna", SHORT_MS * 20);
      const again = await taken(other, "room:1", "anna");
      assert.equal(again.token, first.token);
      await passed(first);
      assert.equal((await store.current("room:1"))?.holder, "anna");
    });

    it("counts the time of a lease from before the request was sent", async (t) => {
      const { store } = await twoStores(t);
      const before = performance.now();
      const asked = store.acquire("room:1", "anna", LONG_MS);
      const sent = performance.now();
      const { untilMs = 0 } = (await asked) ?? {};
      assert.ok(untilMs >= before + LONG_MS && untilMs <= sent + LONG_MS);
    });

    it("never makes a lease end earlier", async (t) => {
      const { store, other } = await twoStores(t);
      const lease = await taken(store, "room:1", "anna");
      const short = await taken(other, "room:1", "anna", SHORT_MS);
      await other.renew(lease, SHORT_MS);
      await passed(short);
      assert.equal(await other.acquire("room:1", "ben", LONG_MS), null);
    });

    it("gives a released name at once to the next, whose token is higher", async (t) => {
      const { store, other } = await twoStores(t);
      const mine = await taken(store, "room:1", "anna");
      await store.release(mine);
      assert.equal(await other.current("room:1"), null);
      const yours = await taken(other, "room:1", "ben");
      assert.ok(yours.token > mine.token);
    });

    it("gives a higher token also to who takes a name again after releasing it", async (t) => {
      const { store } = await twoStores(t);
      const first = await taken(store, "room:1", "anna");
      await store.release(first);
      const second = await taken(store, "room:1", "anna");
      assert.ok(second.token > first.token);
    });

    it("gives an expired name to the next, whose token is higher", async (t) => {
      const { store, other } = await twoStores(t);
      const mine = await taken(store, "room:1", "anna", SHORT_MS);
      const yours = await waitFor(() => other.acquire("room:1", "ben", LONG_MS));
      assert.ok(performance.now() >= mine.untilMs, "not before it has expired");
      assert.ok(yours.token > mine.token);
    });

    it("lets nobody renew or release what another has taken since", async (t) => {
      const { store, other } = await twoStores(t);
      const mine = await taken(store, "room:1", "anna", SHORT_MS);
      const yours = await waitFor(() => other.acquire("room:1", "ben", LONG_MS));
      assert.equal(await store.renew(mine, LONG_MS), false);
      await store.release(mine);
      assert.deepEqual(await store.current("room:1"), { holder: "ben", token: yours.token });
    });

    it("keeps a name for as long as it is renewed", async (t) => {
      const { store, other } = await twoStores(t);
      const lease = await taken(store, "room:1", "anna", SHORT_MS * 20);
      assert.equal(await store.renew(lease, LONG_MS), true);
      await passed(lease);
      assert.equal(await other.acquire("room:1", "ben", LONG_MS), null);
    });

    it("renews an expired name that nobody has taken", async (t) => {
      const { store, other } = await twoStores(t);
      const lease = await taken(store, "room:1", "anna", SHORT_MS);
      await waitFor(async () => (await other.current("room:1")) === null);
      assert.equal(await store.renew(lease, LONG_MS), true);
      assert.deepEqual(await other.current("room:1"), { holder: "anna", token: lease.token });
    });

    it("does not renew what was released", async (t) => {
      const { store } = await twoStores(t);
      const lease = await taken(store, "room:1", "anna");
      await store.release(lease);
      assert.equal(await store.renew(lease, LONG_MS), false);
      assert.equal(await store.current("room:1"), null);
    });

    it("takes a release of an earlier time for what it is", async (t) => {
      const { store } = await twoStores(t);
      const early = await taken(store, "room:1", "anna");
      await store.release(early);
      const late = await taken(store, "room:1", "anna");
      await store.release(early);
      assert.deepEqual(await store.current("room:1"), { holder: "anna", token: late.token });
    });

    it("keeps names apart, whatever is in them", async (t) => {
      const { store } = await twoStores(t);
      const names = ["a", "a}", "{a}", "}{", "a b", "a:b", "弹幕", "a\n", "a".repeat(1_000)];
      for (const name of names) await taken(store, name, `holder of ${name}`);
      for (const name of names)
        assert.equal((await store.current(name))?.holder, `holder of ${name}`);
    });

    it("lets exactly one of many win", async (t) => {
      const store = await open(t);
      const runners = Array.from({ length: 20 }, (_, i) => ({ name: `${i}`, from: store() }));
      const leases = await Promise.all(
        runners.map(({ name, from }) => from.acquire("room:1", name, LONG_MS)),
      );
      const won = leases.filter((lease) => lease !== null);
      assert.equal(won.length, 1);
      assert.equal((await store().current("room:1"))?.holder, won[0]?.holder);
    });

    it("hands on what was noted last, by renewal or release", async (t) => {
      const { store, other } = await twoStores(t);
      const first = await taken(store, "room:1", "anna");
      assert.equal(first.note, null);
      await store.renew(first, LONG_MS, "by renewal");
      await store.renew(first, LONG_MS);
      assert.equal((await taken(store, "room:1", "anna")).note, "by renewal");
      await store.release(first);

      const second = await taken(other, "room:1", "ben");
      assert.equal(second.note, "by renewal");
      await other.release(second, "");
      assert.equal((await taken(store, "room:1", "anna")).note, "");
    });

    it("hands a note on also when the lease has expired", async (t) => {
      const { store, other } = await twoStores(t);
      const lease = await taken(store, "room:1", "anna", SHORT_MS);
      await store.renew(lease, SHORT_MS, "弹幕");
      const next = await waitFor(() => other.acquire("room:1", "ben", LONG_MS));
      assert.equal(next.note, "弹幕");
    });

    it("takes no note from who has lost the name", async (t) => {
      const { store, other } = await twoStores(t);
      const mine = await taken(store, "room:1", "anna", SHORT_MS);
      const yours = await waitFor(() => other.acquire("room:1", "ben", LONG_MS));
      await store.renew(mine, LONG_MS, "late");
      await store.release(mine, "late");
      await other.release(yours);
      assert.equal((await taken(store, "room:1", "carl")).note, null);
    });

    it("refuses names, holders and times that cannot be meant", async (t) => {
      const { store } = await twoStores(t);
      await assert.rejects(store.acquire("", "anna", LONG_MS), RangeError);
      await assert.rejects(store.acquire("room:1", "", LONG_MS), RangeError);
      const lease = await taken(store, "room:1", "anna");
      for (const ttlMs of [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
        await assert.rejects(store.acquire("room:1", "anna", ttlMs), RangeError);
        await assert.rejects(store.renew(lease, ttlMs), RangeError);
      }
    });

    it("lets no two hold a name at a time, and tokens grow with every change, whatever they do", async (t) => {
      const { whole, pick } = chance(t);
      const store = await open(t);
      const people = ["anna", "ben", "carl", "dora"].map((name) => ({ name, store: store() }));
      const terms = new Map<number, { holder: string; from: number; until: number }>();
      const held: Lease[] = [];

      async function act(): Promise<void> {
        const { name, store } = pick(people);
        const mine = held.findLast(({ holder }) => holder === name);
        const from = performance.now();
        const chosen = pick(["acquire", "renew", "release"]);
        if (mine === undefined || chosen === "acquire") {
          const lease = await store.acquire("room:1", name, whole(1, 20));
          if (lease === null) return;
          held.push(lease);
          const term = terms.get(lease.token) ?? {
            holder: name,
            from: performance.now(),
            until: 0,
          };
          terms.set(lease.token, { ...term, until: Math.max(term.until, lease.untilMs) });
        } else if (chosen === "renew") {
          const ttlMs = whole(1, 20);
          const term = terms.get(mine.token);
          if ((await store.renew(mine, ttlMs)) && term !== undefined)
            term.until = Math.max(term.until, from + ttlMs);
        } else {
          await store.release(mine);
          const term = terms.get(mine.token);
          if (term !== undefined) term.until = Math.min(term.until, from);
        }
      }

      for (let turn = 0; turn < 500; turn++) await act();
      assert.ok(terms.size > 20, `${terms.size} terms`);
      const inOrder = [...terms].sort(([a], [b]) => a - b).map(([, term]) => term);
      for (const [i, term] of inOrder.slice(1).entries()) {
        const before = inOrder[i];
        assert.ok(before !== undefined && before.until <= term.from, "one after the other");
      }
    });
  });
}

async function taken(
  store: LeaseStore,
  name: string,
  holder: string,
  ttlMs = LONG_MS,
): Promise<Lease> {
  const lease = await store.acquire(name, holder, ttlMs);
  assert.ok(lease !== null, `${holder} gets ${name}`);
  return lease;
}

/** Waits until the lease would have ended had nobody renewed it. */
function passed({ untilMs }: Lease): Promise<true> {
  return waitFor(() => performance.now() > untilMs + SHORT_MS);
}
