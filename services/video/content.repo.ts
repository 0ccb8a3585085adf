import { type ModelStatic, Op, UniqueConstraintError } from "sequelize";
import type { ContentModel } from "./video.model.ts";
import type { ContentRow, ContentState, ContentStore } from "./video.ts";

/** What becomes of bytes, in the database. */
export function contentRepo(contents: ModelStatic<ContentModel>): ContentStore {
  const find = async (sha256: string) =>
    (await contents.findByPk(sha256, { raw: true })) as ContentRow | null;

  /** The state of bytes that somebody has begun with before. */
  async function touch(sha256: string, nowMs: number): Promise<ContentState | null> {
    const [touched] = await contents.update(
      { touched_ms: nowMs },
      { where: { sha256, state: "storing" } },
    );
    return touched === 1 ? "storing" : ((await find(sha256))?.state ?? null);
  }

  return {
    find,

    async begin(content, nowMs) {
      for (;;) {
        try {
          await contents.create({ ...content, state: "storing", touched_ms: nowMs });
          return "storing";
        } catch (error) {
          if (!(error instanceof UniqueConstraintError)) throw error;
        }
        // None when clean-up has just finished with them.
        const state = await touch(content.sha256, nowMs);
        if (state !== null) return state;
      }
    },

    async claimAbandoned(beforeMs, nowMs, limit) {
      const abandoned = (await contents.findAll({
        where: { state: ["storing", "removing"], touched_ms: { [Op.lt]: beforeMs } },
        limit,
        raw: true,
      })) as unknown as ContentRow[];
      const claimed: ContentRow[] = [];
      for (const row of abandoned) {
        const { sha256, state, touched_ms } = row;
        const [changed] = await contents.update(
          { state: "removing", touched_ms: nowMs },
          { where: { sha256, state, touched_ms } },
        );
        if (changed === 1) claimed.push(row);
      }
      return claimed;
    },

    async forget(sha256) {
      await contents.destroy({ where: { sha256, state: "removing" } });
    },
  };
}
