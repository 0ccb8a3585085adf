// Starts some of the services in this process, as a node of a cluster: `npm run node -- push message`.

import { version } from "../lib/version.ts";
import { needShared } from "./node/needs.ts";
import { helpFor, type NodeOptions, readOptions } from "./node/options.ts";
import { awaited, tellWaiting } from "./node/waiting.ts";
import { gatewayAddress } from "./serve/banner.ts";
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
      const fields = { version, node: broker.nodeID, services, ...(web === null ? {} : { web }) };
      if (env.logFormat === "json") broker.getLogger("node").info("running", fields);
      else console.log(words(broker.nodeID, web));
    },
  });

function words(nodeID: string, web: string | null): string {
  const where = web === null ? "" : ` at ${web}/`;
  return `Node ${nodeID} (process ${process.pid}) runs ${services.join(", ")}${where}; Ctrl-C lets it go.`;
}
