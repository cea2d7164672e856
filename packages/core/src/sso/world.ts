import type { Ctx } from "../context.ts";
import { CreelError } from "../errors/errors.ts";

/** What single sign-on needs of the world outside; the process that serves pages provides it. */
export interface SsoWorld {
  /** Of the dashboard, as browsers see it: `https://creel.example.com`. */
  webUrl: string;
  /** `host:port` of issuers that may be private or speak plain http; whoever runs this installation names them. */
  trustedHosts: readonly string[];
  /** TXT records of a name, each as the pieces it was sent in. */
  resolveTxt(name: string): Promise<string[][]>;
}

export function worldOf(ctx: Ctx): SsoWorld {
  if (ctx.sso === undefined) throw new CreelError("unavailable", "Single sign-on is not served here.");
  return ctx.sso;
}

/**
 * Where a provider sends people back. Threat: a provider passes an answer meant for another one on (mix-up). Invariant: each org has
 * an address of its own, which its provider alone is told (RFC 9700 4.4.2), and no request has a say in it.
 */
export const redirectUri = (world: Pick<SsoWorld, "webUrl">, orgId: string): string =>
  new URL(`/api/auth/sso/callback/${orgId}`, world.webUrl).href;
