import { isIP, isIPv6 } from "node:net";

/**
 * Where a request comes from: the peer of the connection or, behind `trustedHops` proxies of ours,
 * what the outermost of them saw, which is the entry that many places from the end of
 * `X-Forwarded-For`. Entries before it can be made up by anyone.
 */
export function clientAddress(
  peer: string | undefined,
  forwardedFor: string | string[] | undefined,
  trustedHops: number,
): string {
  const direct = plain(peer ?? "");
  if (trustedHops === 0 || forwardedFor === undefined) return direct;
  const entries = String(forwardedFor).split(",");
  const seen = plain((entries.at(-trustedHops) ?? entries[0] ?? "").trim());
  return isIP(seen) === 0 ? direct : seen;
}

/** An IPv4 address that came over an IPv6 socket is that IPv4 address. */
function plain(address: string): string {
  return address.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address;
}

/** What a rate limit counts as one client: an IPv4 address, or the /64 network that one IPv6 line has. */
export function addressBlock(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = "", tail] = (address.split("%", 1)[0] as string).split("::");
  const groups = head === "" ? [] : head.split(":");
  if (tail !== undefined) {
    const last = tail === "" ? [] : tail.split(":");
    while (groups.length + last.length < 8) groups.push("0");
    groups.push(...last);
  }
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":");
}
