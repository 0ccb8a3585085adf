import type { Service, ServiceBroker, ServiceSchema, ServiceSettingSchema } from "moleculer";
import DbService, { type DbServiceSettings } from "moleculer-db";
import SequelizeAdapter from "moleculer-db-adapter-sequelize";
import type { Model, ModelAttributes, ModelOptions, ModelStatic, Sequelize } from "sequelize";
import { runtimeOf } from "./runtime.ts";

/** A table, as the service that owns it describes it. */
export interface EntityDefinition {
  name: string;
  define: ModelAttributes;
  options?: ModelOptions;
}

/** Uses the node's one Sequelize instance, and leaves closing it to the node. */
class SharedSequelizeAdapter extends SequelizeAdapter {
  /** What the base class connects by; its types leave it out. */
  declare opts: unknown[];

  override init(broker: ServiceBroker, service: Service): void {
    super.init(broker, service);
    this.opts = [runtimeOf(broker).database];
  }

  override async disconnect(): Promise<void> {}
}

/**
 * moleculer-db over one table of the node's database: gives the service `this.adapter.model`. The
 * CRUD actions that moleculer-db would publish are all switched off.
 */
export function entity(definition: EntityDefinition): Partial<ServiceSchema> {
  const settings: DbServiceSettings = { idField: "id", maxLimit: 1000 };
  const schema = {
    mixins: [DbService as Partial<ServiceSchema>],
    adapter: new SharedSequelizeAdapter({}),
    model: definition,
    settings: settings as ServiceSettingSchema,
    actions: {
      find: false,
      count: false,
      list: false,
      create: false,
      insert: false,
      get: false,
      update: false,
      remove: false,
    },
  };
  return schema;
}

/** Reads from a table what may be a little old: from a replica, where there is one. */
export function readOld<M extends Model, T>(
  broker: ServiceBroker,
  definition: EntityDefinition,
  read: (model: ModelStatic<M>) => Promise<T>,
): Promise<T> {
  return runtimeOf(broker).replicas.read((database) => read(modelOf(database, definition)));
}

/** The table in one of the node's databases. */
function modelOf<M extends Model>(
  database: Sequelize,
  { name, define, options }: EntityDefinition,
): ModelStatic<M> {
  const known = database.isDefined(name);
  return (known ? database.model(name) : database.define(name, define, options)) as ModelStatic<M>;
}
