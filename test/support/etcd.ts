import { join } from "node:path";
import { requireProgram } from "../../scripts/bootstrap/programs.mjs";
import { freePort } from "../../scripts/stack/free-port.ts";
import type { CleanupScope } from "./cleanup.ts";
import { type StartedProcess, startProcess } from "./process.ts";
import { tempDir } from "./temp-dir.ts";

export interface EtcdServer {
  /** `127.0.0.1` and the port. */
  address: string;
  process: StartedProcess;
}

/** An etcd with flags of the test's own; startStack has the ordinary one. */
export async function startEtcd(
  t: CleanupScope,
  flags: readonly string[] = [],
  scheme: "http" | "https" = "http",
): Promise<EtcdServer> {
  const port = await freePort(new Set());
  const peerPort = await freePort(new Set([port]));
  const address = `127.0.0.1:${port}`;
  const clients = `${scheme}://${address}`;
  const peers = `http://127.0.0.1:${peerPort}`;
  const process = await startProcess(t, {
    command: requireProgram("etcd-server"),
    args: [
      ...["--name", "test", "--data-dir", join(await tempDir(t), "data")],
      ...["--listen-client-urls", clients, "--advertise-client-urls", clients],
      ...["--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers],
      ...["--initial-cluster", `test=${peers}`, ...flags],
    ],
    ready: /ready to serve client requests/,
  });
  return { address, process };
}
