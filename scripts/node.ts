// Starts some of the services in this process, as a node of a cluster: `npm run node -- push message`.

import { version } from "../lib/version.ts";
import { needShared } from "./node/needs.ts";
import { helpFor, type NodeOptions, readOptions } from "./node/options.ts";
import { awaited, tellWaiting } from "./node/waiting.ts";
import { gatewayAddress, rtmpAddress } from "./serve/banner.ts";
import { serviceNames } from "./serve/boot.ts";
import { runProcess } from "./serve/lifecycle.ts";
import { BootError } from "./serve/refusals.ts";

function options(): NodeOptions {
  try {
    return readOptions(process.argv.slice(2), serviceNames());
  } catch (error) {
    if (!(error instanceof BootError)) throw error;
    console.error(`molimoli: ${error.message}`);
    process.exit(1);
  }
}

const { help, services, flags } = options();
if (help) console.log(helpFor(serviceNames()));
else
  await runProcess({
    services,
    flags,
    check: needShared,
    isWaiting: (broker) => awaited(broker) !== null,
    starting({ broker }, env) {
      return tellWaiting(broker, (what, seconds) => {
        if (env.logFormat === "json")
          broker()?.getLogger("node").info("waiting", { for: what, seconds });
        else console.log(`Waiting for ${what} (${seconds} s) …`);
      });
    },
    running(broker, env) {
      const web = gatewayAddress(broker);
      const rtmp = services.includes("media") ? rtmpAddress(env) : null;
      const places = { ...(web === null ? {} : { web }), ...(rtmp === null ? {} : { rtmp }) };
      const fields = { version, node: broker.nodeID, services, ...places };
      if (env.logFormat === "json") broker.getLogger("node").info("running", fields);
      else console.log(words(broker.nodeID, web, rtmp));
    },
  });

function words(nodeID: string, web: string | null, rtmp: string | null): string {
  const where = web === null ? "" : ` at ${web}/`;
  const video = rtmp === null ? "" : `, and takes video at ${rtmp}`;
  return `Node ${nodeID} (process ${process.pid}) runs ${services.join(", ")}${where}${video}; Ctrl-C lets it go.`;
}
