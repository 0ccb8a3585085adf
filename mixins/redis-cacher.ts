import { Cachers, Serializers, type ServiceBroker } from "moleculer";
import { closeRedis, openRedis, type RedisClient } from "../lib/redis/connect.ts";

/** What Moleculer's cacher has inside; its types leave it out. */
interface Insides {
  client: RedisClient;
  serializer: { init(broker: ServiceBroker): void };
}

/**
 * Moleculer's cacher over Redis, by our own connection: that knows Redis Cluster and Sentinels by the
 * same URL as everything else, answers in bounded time while Redis is away, and keeps the URL, with
 * its password, out of the broker's options.
 */
export class RedisCacher extends Cachers.Redis {
  readonly #url: () => string;

  /** @param options.url a function, since other nodes can look at broker options, but not into it */
  constructor(options: { url: () => string }) {
    super({});
    this.#url = options.url;
  }

  override init(broker: ServiceBroker): void {
    Cachers.Base.prototype.init.call(this, broker);
    const insides = this as unknown as Insides;
    // The node's other connection tells people how Redis fares.
    // Not enumerable: a logger among the broker's options leads here, and the client knows the password.
    Object.defineProperty(this, "client", { value: openRedis(this.#url()) });
    insides.serializer = Serializers.resolve("JSON") as unknown as Insides["serializer"];
    insides.serializer.init(broker);
  }

  override close(): Promise<void> {
    return closeRedis((this as unknown as Insides).client);
  }
}

// Declared for an instance; it is the class that it makes one of.
Cachers.register("SharedRedis", RedisCacher as unknown as InstanceType<typeof Cachers.Base>);
