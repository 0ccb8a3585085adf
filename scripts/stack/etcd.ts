import { join } from "node:path";
import { Etcd3, type IOptions, Range } from "etcd3";
import { requireProgram } from "../bootstrap/programs.mjs";
import { ServerProcess } from "./server-process.ts";
import type { StackFolder } from "./stack-folder.ts";

const USER = "molimoli";
const ANSWER_MS = 2_000;

export interface EtcdSetup {
  /**
   * Asks for a user and a password, who may read and write every key and nothing else. Without it
   * whoever is on this machine may.
   */
  auth: boolean;
}

/** One etcd server. A folder that was used with `auth` keeps it. */
export async function etcd(stack: StackFolder, { auth }: EtcdSetup): Promise<ServerProcess> {
  const command = requireProgram("etcd-server");
  const name = auth ? "etcd-auth" : "etcd";
  const folder = stack.of(name);
  const port = await stack.port(name);
  const clients = `http://127.0.0.1:${port}`;
  const peers = `http://127.0.0.1:${await stack.port(`${name}-peers`)}`;
  const user = { username: USER, password: stack.secret("etcd") };
  const root = { username: "root", password: stack.secret("etcd-root") };
  const probe = async () => {
    if (auth && !(await isLocked(clients))) await lock(clients, user, root);
    const options = auth ? { auth: user } : {};
    await askEtcd(clients, options, (client) => client.get("ready").string());
  };
  return new ServerProcess({
    name: "etcd",
    command,
    args: [
      ...["--name", "stack", "--data-dir", join(folder, "data")],
      ...["--listen-client-urls", clients, "--advertise-client-urls", clients],
      ...["--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers],
      ...["--initial-cluster", `stack=${peers}`],
    ],
    // It refuses processors that its makers do not test, unless told that this is known.
    env: process.arch === "arm64" ? { ETCD_UNSUPPORTED_ARCH: "arm64" } : {},
    folder,
    url: auth ? clients.replace("//", `//${user.username}:${user.password}@`) : clients,
    probe,
  });
}

interface Account {
  username: string;
  password: string;
}

async function isLocked(host: string): Promise<boolean> {
  try {
    await askEtcd(host, {}, (client) => client.get("ready").string());
    return false;
  } catch (error) {
    if (/user name is empty/.test((error as Error).message)) return true;
    throw error;
  }
}

/** Everything can be repeated, should it have been interrupted before the last step. */
async function lock(host: string, user: Account, root: Account): Promise<void> {
  await askEtcd(host, {}, async (client) => {
    const members = client.role(USER);
    await unlessThere(members.create());
    await members.grant({ permission: "Readwrite", range: Range.prefix("") });
    for (const [account, role] of [
      [user, members],
      [root, client.role("root")],
    ] as const) {
      await unlessThere(role.create());
      await unlessThere(client.user(account.username).create(account.password));
      await role.addUser(account.username);
    }
    await client.auth.authEnable();
  });
}

async function unlessThere(created: Promise<unknown>): Promise<void> {
  await created.catch((error: Error) => {
    if (!/already exists/.test(error.message)) throw error;
  });
}

/** One conversation on a connection of its own; throws at once when there is no answer. */
async function askEtcd<T>(
  host: string,
  options: Partial<IOptions>,
  ask: (client: Etcd3) => Promise<T>,
): Promise<T> {
  const client = new Etcd3({
    hosts: host,
    defaultCallOptions: () => ({ deadline: Date.now() + ANSWER_MS }),
    ...options,
  });
  try {
    return await ask(client);
  } finally {
    client.close();
  }
}
