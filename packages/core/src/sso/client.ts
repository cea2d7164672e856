import * as oidc from "openid-client";
import type { Ctx } from "../context.ts";
import { REQUEST_MS_MAX } from "./limits.ts";
import { guardedFetch } from "./reach.ts";
import type { ProviderRow } from "./row.ts";
import { openClientSecret } from "./row.ts";
import { worldOf } from "./world.ts";

/**
 * A provider as its own metadata describes it, read anew for each sign-in: keys and addresses are those of this moment. Signatures of
 * ID tokens are checked although they come straight from the provider, and a token without one is refused.
 * @throws whatever the provider did wrong, in words for an administrator.
 */
export async function clientOf(ctx: Ctx, row: ProviderRow): Promise<oidc.Configuration> {
  const { trustedHosts } = worldOf(ctx);
  const secret = await openClientSecret(ctx.seal, row);
  const plainHttp = trustedHosts.length > 0 && new URL(row.issuer).protocol === "http:";
  const config = await oidc.discovery(
    new URL(row.issuer),
    row.clientId,
    { [oidc.clockTolerance]: row.clockSkewSeconds },
    undefined,
    {
      [oidc.customFetch]: guardedFetch(trustedHosts),
      timeout: REQUEST_MS_MAX / 1000,
      // The guard judges each URL; this only stops the library from refusing what the operator listed.
      execute: plainHttp ? [oidc.allowInsecureRequests] : [],
    },
  );
  const authentication = authenticationOf(config.serverMetadata().token_endpoint_auth_methods_supported, secret);
  const whole = new oidc.Configuration(
    config.serverMetadata(),
    row.clientId,
    { [oidc.clockTolerance]: row.clockSkewSeconds },
    authentication,
  );
  whole[oidc.customFetch] = guardedFetch(trustedHosts);
  whole.timeout = REQUEST_MS_MAX / 1000;
  if (plainHttp) oidc.allowInsecureRequests(whole);
  oidc.enableNonRepudiationChecks(whole);
  return whole;
}

/** RFC 8414 2: a provider that says nothing of it takes HTTP Basic. */
function authenticationOf(methods: readonly string[] | undefined, secret: string): oidc.ClientAuth {
  const basic = methods === undefined || methods.includes("client_secret_basic");
  return basic ? oidc.ClientSecretBasic(secret) : oidc.ClientSecretPost(secret);
}
