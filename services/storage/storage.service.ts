import { randomUUID } from "node:crypto";
import type { Context, Service, ServiceSchema, ServiceSettingSchema } from "moleculer";
import type { Params, Result } from "../../contracts/actions.ts";
import { params } from "../../contracts/params.ts";
import { describeFailure } from "../../lib/database/failure.ts";
import { type Configured, configMixin } from "../../mixins/config.mixin.ts";
import { failures } from "../../mixins/failures.mixin.ts";
import { runtimeOf } from "../../mixins/runtime.ts";
import { keepImage } from "./images.ts";
import { Keeping } from "./keeping.ts";
import { useRepo } from "./use.repo.ts";

interface Members extends Configured {
  keeping: Keeping;
  sweeper: NodeJS.Timeout;
  sweeping: Promise<void>;
  sweep(): Promise<void>;
}
type StorageService = Service & Members;

const MIB = 1024 * 1024;
/** How often what nobody keeps is looked for, in ms. */
const SWEEP_MS = 600_000;

/** Who keeps what in the object store, and images on their way into it. */
const schema: ServiceSchema<ServiceSettingSchema, object, object, StorageService> = {
  name: "storage",
  mixins: [configMixin as Partial<ServiceSchema>, failures()],

  actions: {
    image: {
      visibility: "public",
      params: params["storage.image"],
      async handler(ctx: Context<Params<"storage.image">>): Promise<Result<"storage.image">> {
        const { upload, ...image } = ctx.params;
        const { objects } = runtimeOf(this.broker);
        const given = { ...image, object: upload.object };
        const at = { objects, keeping: this.keeping };
        return await keepImage(at, given, `incoming/${randomUUID()}`);
      },
    },

    record: {
      visibility: "public",
      params: params["storage.record"],
      async handler(ctx: Context<Params<"storage.record">>): Promise<Result<"storage.record">> {
        const { owner, purpose, key, bytes } = ctx.params;
        await this.keeping.record({ owner_id: owner, purpose, object_key: key, bytes });
        return {};
      },
    },

    settle: {
      visibility: "public",
      params: params["storage.settle"],
      async handler(ctx: Context<Params<"storage.settle">>): Promise<Result<"storage.settle">> {
        const { owner, purpose, turn } = ctx.params;
        await this.keeping.settle(owner, purpose, turn);
        return {};
      },
    },

    admit: {
      visibility: "public",
      params: params["storage.admit"],
      async handler(ctx: Context<Params<"storage.admit">>): Promise<Result<"storage.admit">> {
        await this.keeping.admit(ctx.params.owner, ctx.params.bytes);
        return {};
      },
    },

    usage: {
      visibility: "public",
      params: params["storage.usage"],
      handler(ctx: Context<Params<"storage.usage">>): Promise<Result<"storage.usage">> {
        return this.keeping.usage(ctx.params.owner);
      },
    },
  },

  methods: {
    async sweep(): Promise<void> {
      try {
        const removed = await this.keeping.cleanUp();
        if (removed > 0) this.logger.info("removed what nobody kept", { objects: removed });
      } catch (error) {
        this.logger.warn("what nobody keeps could not be removed", {
          reason: describeFailure((error as Error).cause ?? error),
        });
      }
    },
  },

  created() {
    const { database, objects } = runtimeOf(this.broker);
    this.keeping = new Keeping({
      uses: useRepo(database),
      objects,
      quota: () => this.config.storage.quota_mb * MIB,
      now: Date.now,
    });
  },

  started() {
    const { natsUrl, s3Url } = runtimeOf(this.broker).env;
    if (natsUrl !== null && s3Url === null)
      this.logger.warn("without S3_URL all nodes have to share the folder objects/");
    this.sweeper = setInterval(() => {
      this.sweeping = this.sweep();
    }, SWEEP_MS);
    this.sweeping = this.sweep();
  },

  async stopped() {
    clearInterval(this.sweeper);
    await this.sweeping;
  },
};

export default schema;
