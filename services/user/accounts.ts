import { fail } from "../../contracts/errors.ts";
import type { HashGate } from "./hash-gate.ts";
import { DECOY_BYTES, decoy, hashPassword, SALT_BYTES, verifyPassword } from "./password.ts";
import type { UserRow, UserStore } from "./user.ts";

export interface AccountsOptions {
  store: UserStore;
  gate: HashGate;
  newId: () => number;
  random: (bytes: number) => Uint8Array;
}

/** Who may sign in, and by which password. */
export class Accounts {
  readonly #options: AccountsOptions;
  readonly #decoy: string;

  constructor(options: AccountsOptions) {
    this.#options = options;
    this.#decoy = decoy(options.random(DECOY_BYTES));
  }

  /** Adds an account. @throws ProductError USER_EXISTS */
  async add(username: string, password: string, nowMs: number): Promise<UserRow> {
    const { store, gate, newId, random } = this.#options;
    const phc = await gate.run(() => hashPassword(password, random(SALT_BYTES)));
    const user = {
      id: newId(),
      username,
      password: phc,
      create_time: Math.floor(nowMs / 1000),
    };
    if (!(await store.insert(user))) fail("USER_EXISTS");
    return user;
  }

  /**
   * The account that this name and password open. An unknown name takes as long as a wrong password.
   *
   * @throws ProductError USER_NOT_FOUND, WRONG_PASSWORD
   */
  async identify(username: string, password: string): Promise<UserRow> {
    const { store, gate } = this.#options;
    const user = await store.findByName(username);
    const phc = user?.password ?? this.#decoy;
    const isRight = await gate.run(() => verifyPassword(phc, password));
    if (user === null) fail("USER_NOT_FOUND");
    if (!isRight) fail("WRONG_PASSWORD");
    return user;
  }
}
