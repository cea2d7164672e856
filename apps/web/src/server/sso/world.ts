import { Resolver } from "node:dns/promises";
import type { SsoWorld } from "@creel/core";
import type { WebEnv } from "../../env.ts";

/** Of a resolver that does not answer; the page offers to ask again. */
const DNS_MS_MAX = 3_000;
const DNS_TRIES = 2;

/** The dashboard's address and DNS as this process has them. @throws where a DNS server is no address. */
export const ssoWorld = ({
  webUrl,
  ssoHosts,
  dnsServers,
}: Pick<WebEnv, "webUrl" | "ssoHosts" | "dnsServers">): SsoWorld => {
  const newResolver = () => {
    const resolver = new Resolver({ timeout: DNS_MS_MAX, tries: DNS_TRIES });
    if (dnsServers.length > 0) resolver.setServers(dnsServers);
    return resolver;
  };
  // Once at the start, so that a wrong address is known then.
  newResolver();
  return { webUrl, trustedHosts: ssoHosts, resolveTxt: async (name) => await newResolver().resolveTxt(name) };
};
