// Starts everything in this process: `npm start`, `npm run dev`, `npm run repl`.

import { version } from "../lib/version.ts";
import { banner, gatewayAddress, rtmpAddress } from "./serve/banner.ts";
import { serviceNames } from "./serve/boot.ts";
import { runProcess } from "./serve/lifecycle.ts";

await runProcess({
  services: serviceNames(),
  flags: process.argv.slice(2),
  running(broker, env) {
    const web = gatewayAddress(broker) ?? "";
    const rtmp = rtmpAddress(env);
    const fields = { version, web, ...(rtmp === null ? {} : { rtmp }) };
    if (env.logFormat === "json") broker.getLogger("serve").info("running", fields);
    else console.log(banner(env, version, web));
  },
});
