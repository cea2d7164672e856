import type { Ctx } from "../context.ts";
import { CreelError } from "../errors/errors.ts";
import type { SsoWorld } from "./ssoWorld.ts";

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
