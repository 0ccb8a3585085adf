import { DataTypes, type Model } from "sequelize";
import type { EntityDefinition } from "../../mixins/entity.mixin.ts";

/** That a user likes a video. */
export interface LikeRow {
  user_id: number;
  video_id: number;
  /** The video's author. */
  author_id: number;
  /** By the time of the like: a user's likes are listed by it. */
  id: number;
}

export type LikeModel = Model<LikeRow, LikeRow>;

export const likeEntity: EntityDefinition = {
  name: "likes",
  define: {
    user_id: { type: DataTypes.BIGINT, primaryKey: true },
    video_id: { type: DataTypes.BIGINT, primaryKey: true },
    author_id: DataTypes.BIGINT,
    id: DataTypes.BIGINT,
  },
};
