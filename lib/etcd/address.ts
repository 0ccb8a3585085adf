/** Where etcd is, and who we are there. */
export interface EtcdAddress {
  /** Of each member, e.g. `http://10.0.0.1:2379`; never with a name or password. */
  readonly endpoints: readonly string[];
  readonly secure: boolean;
  readonly credentials: EtcdCredentials | null;
}

export interface EtcdCredentials {
  readonly username: string;
  readonly password: string;
}

const CLIENT_PORT = "2379";

/**
 * Reads `http://name:password@host:2379,http://host:2379`: the members of one etcd, separated by
 * commas. The port may be left out; name and password stand in any one of them, or the same in all,
 * with `%2C` for a comma and so on.
 *
 * @throws Error with half a sentence that fits behind the variable's name and shows nothing secret
 */
export function parseEtcdUrl(url: string): EtcdAddress {
  const members = url.split(",").map((part) => parseMember(part.trim()));
  const [first] = members;
  if (members.some(({ secure }) => secure !== first?.secure))
    throw new Error("must not mix http:// and https://");
  const named = members.flatMap(({ credentials }) => credentials ?? []);
  const [credentials = null] = named;
  if (named.some((one) => !isSame(one, credentials)))
    throw new Error("must have the same name and password for every member");
  return {
    endpoints: [...new Set(members.map(({ endpoint }) => endpoint))],
    secure: first?.secure === true,
    credentials,
  };
}

interface Member {
  endpoint: string;
  secure: boolean;
  credentials: EtcdCredentials | null;
}

function parseMember(text: string): Member {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.hostname === "")
    throw new Error("must be URLs like http://host:2379, separated by commas");
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "")
    throw new Error("must have nothing behind host and port");
  const secure = url.protocol === "https:";
  // URL leaves out the ports of the web, 80 and 443, when they are given.
  const port = url.port || /:(80|443)\/?$/.exec(text)?.[1] || CLIENT_PORT;
  return {
    endpoint: `${url.protocol}//${url.hostname}:${port}`,
    secure,
    credentials: credentialsOf(url),
  };
}

function credentialsOf({ username, password }: URL): EtcdCredentials | null {
  if (username === "" && password === "") return null;
  if (username === "" || password === "") throw new Error("must have both a name and a password");
  try {
    return { username: decodeURIComponent(username), password: decodeURIComponent(password) };
  } catch {
    throw new Error("has a name or password that is not percent-encoded properly");
  }
}

function isSame(one: EtcdCredentials, other: EtcdCredentials | null): boolean {
  return one.username === other?.username && one.password === other.password;
}
