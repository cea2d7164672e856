/** The addresses a connection would reach, as far as they are known: the host itself where it is one, and what it resolved to. */
import { canonicalAddress } from "../canonical/address.ts";
import { canonicalHost, isIpLiteral } from "../canonical/host.ts";
import type { PolicyRequest } from "../types.ts";

export function addressesOf({ host, ip }: Pick<PolicyRequest, "host" | "ip">): string[] {
  const name = canonicalHost(host);
  const resolved = ip === undefined ? null : canonicalAddress(ip);
  return [...(name !== null && isIpLiteral(name) ? [name] : []), ...(resolved === null ? [] : [resolved])];
}
