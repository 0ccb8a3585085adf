import type { LeaseStore } from "../../lib/lease/lease-store.ts";

/** One client's way to a store of leases, which can be cut: then its calls fail. */
export function cuttable(store: LeaseStore) {
  let cut = false;
  let calls = 0;
  const through = async <T>(call: () => Promise<T>): Promise<T> => {
    calls++;
    if (cut) throw new Error("the store cannot be reached");
    return call();
  };
  const way: LeaseStore = {
    acquire: (...args) => through(() => store.acquire(...args)),
    renew: (...args) => through(() => store.renew(...args)),
    release: (...args) => through(() => store.release(...args)),
    current: (...args) => through(() => store.current(...args)),
  };
  return {
    store: way,
    cut(state: boolean) {
      cut = state;
    },
    get calls() {
      return calls;
    },
  };
}
