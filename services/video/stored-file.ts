import { fail } from "../../contracts/errors.ts";
import { withLocalCopy } from "../../lib/object-store/local-copy.ts";
import type { ObjectStore } from "../../lib/object-store/object-store.ts";
import type { InspectedFile } from "./inspection.ts";

/**
 * An object, for those who look into it.
 *
 * Its methods throw UNAVAILABLE when it is no longer there: clean-up has taken an upload that waited
 * for too long.
 */
export function storedFile(objects: ObjectStore, key: string): InspectedFile {
  return {
    async head(bytes) {
      const content = (await objects.get(key, { start: 0, end: bytes - 1 })) ?? fail("UNAVAILABLE");
      const chunks = await content.stream.toArray();
      return Buffer.concat(chunks as Buffer[]);
    },

    async asLocal(use) {
      const used = await withLocalCopy(objects, key, async (path) => ({ result: await use(path) }));
      return (used ?? fail("UNAVAILABLE")).result;
    },
  };
}
