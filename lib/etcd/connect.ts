import { Etcd3 } from "etcd3";
import { parseEtcdUrl } from "./address.ts";
import { etcdOptions } from "./client-options.ts";

/**
 * A client of the etcd at `url`, e.g. `https://name:password@a:2379,https://b:2379`. Nothing is
 * connected yet: that happens with the first request, whenever etcd is there. Who opens it closes it.
 *
 * @throws Error when the URL is none
 */
export function openEtcd(url: string): Etcd3 {
  return new Etcd3(etcdOptions(parseEtcdUrl(url)));
}
