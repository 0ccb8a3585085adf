import type { NatsCluster } from "./nats.ts";
import type { RedisCluster } from "./redis-cluster.ts";
import type { ServerProcess } from "./server-process.ts";

/** Which servers a stack has; what is left out or false is not there. */
export interface StackPlan {
  mariadb?: boolean;
  redis?: boolean | { cluster: boolean };
  nats?: boolean | { nodes: 1 | 3 };
  etcd?: boolean | { auth: boolean };
}

/** The servers by name, of the kinds that the plan says. */
export type Servers<Plan extends StackPlan> = {
  [Name in keyof Plan as Plan[Name] extends false ? never : Name]: Kind<Plan[Name]>;
};

type Kind<Wish> = Wish extends { cluster: true }
  ? RedisCluster
  : Wish extends { nodes: 3 }
    ? NatsCluster
    : ServerProcess;

/** One server, or several that are one. */
export type Part = ServerProcess | NatsCluster | RedisCluster;
