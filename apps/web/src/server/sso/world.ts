import { Resolver } from "node:dns/promises";
import type { SsoWorld } from "@creel/core";
import type { WebEnv } from "../../env.ts";

/** Of a resolver that does not answer; the page offers to ask again. */
const DNS_MS_MAX = 3_000;
const DNS_TRIES = 2;

/** The dashboard's address and DNS as this process has them. */
export const ssoWorld = ({ webUrl, ssoHosts }: Pick<WebEnv, "webUrl" | "ssoHosts">): SsoWorld => ({
  webUrl,
  trustedHosts: ssoHosts,
  resolveTxt: async (name) => await new Resolver({ timeout: DNS_MS_MAX, tries: DNS_TRIES }).resolveTxt(name),
});
