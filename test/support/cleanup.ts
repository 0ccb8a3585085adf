/**
 * What a piece of support code needs from a test: the test's context, or `{ after }` from node:test
 * for things that live as long as a whole file or suite (keep that object, it names the scope).
 */
export interface CleanupScope {
  after(hook: () => Promise<void>): void;
}

type Cleanup = () => unknown;

const pending = new WeakMap<CleanupScope, Cleanup[]>();

/**
 * Runs `cleanup` when the scope ends, also when the test failed. Last registered runs first, and
 * every one runs even if another throws: node:test's own hooks run first to last and stop at the
 * first error, so a folder would go before the process that writes into it.
 */
export function cleanUp(scope: CleanupScope, cleanup: Cleanup): void {
  const known = pending.get(scope);
  if (known) {
    known.push(cleanup);
    return;
  }
  const cleanups = [cleanup];
  pending.set(scope, cleanups);
  scope.after(() => runAll(cleanups));
}

async function runAll(cleanups: Cleanup[]): Promise<void> {
  const errors: unknown[] = [];
  for (let next = cleanups.pop(); next; next = cleanups.pop()) {
    try {
      await next();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new AggregateError(errors, "several clean-ups failed");
}
