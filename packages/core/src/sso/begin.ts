import { withOrg } from "@creel/db";
import { urlProblem } from "@creel/notices/target";
import * as oidc from "openid-client";
import { z } from "zod";
import { countTry } from "../auth/tries.ts";
import type { Ctx } from "../context.ts";
import { CreelError } from "../errors/errors.ts";
import { defineVerb } from "../verb.ts";
import { clientOf } from "./client.ts";
import { PROVE_AGE_SECONDS_MAX, TICKET_MS_MAX } from "./limits.ts";
import { providerOf } from "./row.ts";
import { sealTicket } from "./ticket.ts";
import { providerFor } from "./waysIn.ts";
import { redirectUri, worldOf } from "./world.ts";

export const beginInput = z.strictObject({
  email: z.string().max(254),
  /** Where the person wanted to go; the transport judges it when they come back. */
  next: z.string().max(2048).default("/"),
  /** Asks them to show at the provider who they are, also where they are signed in there. */
  prove: z.boolean().default(false),
  address: z.string().max(64).optional(),
});

/** The sign-in of whoever asks, where the org's present provider began it: it proves that one and makes no other. */
async function signInToProve({ actor, db }: Ctx) {
  if (actor?.kind !== "user" || actor.sessionId === undefined || actor.identityProviderId == null) return null;
  const { orgId, userId, sessionId, identityProviderId } = actor;
  const row = await withOrg(db, orgId, async (tx) => await providerOf(tx, orgId));
  return row?.id === identityProviderId ? { row, signIn: { userId, sessionId } } : null;
}

/** Where to send the browser, and the ticket it must bring back. Nothing of ours changes yet. */
export const begin = defineVerb({
  name: "sso.begin",
  kind: "query",
  gate: { by: "open" },
  input: beginInput,
  run: async (ctx, input): Promise<{ url: string; ticket: string; maxAgeSeconds: number }> => {
    const world = worldOf(ctx);
    const now = ctx.clock();
    if (input.address !== undefined) await countTry(ctx.db, { address: input.address }, now);
    const proves = input.prove ? await signInToProve(ctx) : null;
    const row = proves?.row ?? (await providerFor(ctx.db, input.email));
    if (row === null) throw new CreelError("sso_refused", "No identity provider speaks for this address.");
    let config: oidc.Configuration;
    try {
      config = await clientOf(ctx, row);
      const problem = urlProblem(config.serverMetadata().authorization_endpoint ?? "", world.trustedHosts);
      if (problem !== null) throw new Error(`The authorization endpoint ${problem}.`);
    } catch (cause) {
      throw new CreelError("unavailable", "Your identity provider cannot be reached now. Try again in a while.", {
        cause,
      });
    }
    const codeVerifier = oidc.randomPKCECodeVerifier();
    const [state, nonce] = [oidc.randomState(), oidc.randomNonce()];
    const url = oidc.buildAuthorizationUrl(config, {
      redirect_uri: redirectUri(world, row.orgId),
      scope: "openid email profile",
      state,
      nonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: "S256",
      login_hint: input.email,
      ...(input.prove ? { prompt: "login", max_age: String(PROVE_AGE_SECONDS_MAX) } : {}),
    });
    const ticket = await sealTicket(ctx.seal, {
      orgId: row.orgId,
      providerId: row.id,
      settingsAt: row.updatedAt.getTime(),
      state,
      nonce,
      codeVerifier,
      prove: input.prove,
      ...(proves === null ? {} : { proves: proves.signIn }),
      next: input.next,
      expiresAt: now.getTime() + TICKET_MS_MAX,
    });
    return { url: url.href, ticket, maxAgeSeconds: TICKET_MS_MAX / 1000 };
  },
});
