/**
 * Lets each thing be announced once, however often that is asked for while it is on its way. What was
 * announced before can be read from history; all that is on its way is known here, as a room has one
 * owner.
 */
export class Announcements {
  readonly #underway = new Map<string, Promise<number>>();

  /** Announces, or waits for the one that is doing so; answers the message's id. */
  once(what: string, announce: () => Promise<number>): Promise<number> {
    const known = this.#underway.get(what);
    if (known !== undefined) return known;
    const announcing = announce().finally(() => this.#underway.delete(what));
    this.#underway.set(what, announcing);
    return announcing;
  }
}
