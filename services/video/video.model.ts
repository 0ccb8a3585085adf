import { DataTypes, type Model, type ModelStatic, type Sequelize } from "sequelize";
import type { EntityDefinition } from "../../mixins/entity.mixin.ts";
import type { ContentRow, StoredVideo } from "./video.ts";

export type VideoModel = Model<StoredVideo, StoredVideo>;
export type ContentModel = Model<ContentRow, ContentRow>;

export const videoEntity: EntityDefinition = {
  name: "videos",
  define: {
    id: { type: DataTypes.BIGINT, primaryKey: true },
    author_id: DataTypes.BIGINT,
    content: DataTypes.STRING(64),
    container: DataTypes.STRING(8),
    title: DataTypes.STRING(128),
    create_ms: DataTypes.BIGINT,
  },
};

export function defineContents(database: Sequelize): ModelStatic<ContentModel> {
  return database.define<ContentModel>("video_contents", {
    sha256: { type: DataTypes.STRING(64), primaryKey: true },
    state: DataTypes.STRING(8),
    touched_ms: DataTypes.BIGINT,
    container: DataTypes.STRING(8),
    size: DataTypes.BIGINT,
    duration_ms: DataTypes.INTEGER,
    width: DataTypes.INTEGER,
    height: DataTypes.INTEGER,
  });
}
