import { DataTypes, type Model } from "sequelize";
import type { EntityDefinition } from "../../mixins/entity.mixin.ts";

export interface CommentRow {
  /** Also when it was written. */
  id: number;
  video_id: number;
  /** The video's author, who may delete it too. */
  author_id: number;
  /** Who wrote it. */
  user_id: number;
  content: string;
}

export type CommentModel = Model<CommentRow, CommentRow>;

export const commentEntity: EntityDefinition = {
  name: "comments",
  define: {
    id: { type: DataTypes.BIGINT, primaryKey: true },
    video_id: DataTypes.BIGINT,
    author_id: DataTypes.BIGINT,
    user_id: DataTypes.BIGINT,
    content: DataTypes.STRING(500),
  },
};
