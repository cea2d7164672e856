import { type Db, withOrg } from "@creel/db";
import * as oidc from "openid-client";
import { z } from "zod";
import { recordAudit } from "../audit/record.ts";
import { countTry } from "../auth/tries.ts";
import type { Ctx } from "../context.ts";
import { CreelError } from "../errors/errors.ts";
import { defineVerb } from "../verb.ts";
import type { SignedIn } from "../views.ts";
import type { Claims } from "./claims.ts";
import { clientOf } from "./client.ts";
import { enter } from "./enter.ts";
import { ANSWER_CHARS_MAX, PROVE_AGE_SECONDS_MAX } from "./limits.ts";
import { type ProvedSignIn, proveSignIn } from "./proveSignIn.ts";
import { type ProviderRow, providerOf } from "./row.ts";
import { isSame, openTicket, type Ticket, takeTicket } from "./ticket.ts";
import { wordsOf } from "./words.ts";
import { redirectUri, worldOf } from "./world.ts";

export const completeInput = z.strictObject({
  /** Of the address the browser was sent back to. */
  orgId: z.string().max(64),
  /** What the provider put behind the `?`. */
  query: z.string().max(ANSWER_CHARS_MAX),
  ticket: z.string().max(ANSWER_CHARS_MAX),
  userAgent: z.string().max(1024).optional(),
  address: z.string().max(64).optional(),
});

/**
 * Threat: a provider, or whoever stands between it and us, signs somebody in who is not there; an answer is stolen, replayed, made up
 * or meant for another provider. Invariant: only an answer to this browser's own ticket is taken, once; who it is stands in an ID
 * token that this org's provider signed for this client and this nonce; and the session is one of this org and no other.
 */
export const complete = defineVerb({
  name: "sso.complete",
  kind: "mutation",
  gate: { by: "open" },
  input: completeInput,
  run: async (ctx, input): Promise<(SignedIn | ProvedSignIn) & { next: string }> => {
    if (input.address !== undefined) await countTry(ctx.db, { address: input.address }, ctx.clock());
    const ticket = await openTicket(ctx.seal, input.ticket);
    const answer = new URLSearchParams(input.query);
    if (ticket === null || ticket.expiresAt <= ctx.clock().getTime() || ticket.orgId !== input.orgId) throw stale();
    if (!isSame(answer.get("state") ?? "", ticket.state)) throw stale();
    if (!(await takeTicket(ctx.db, ticket))) throw stale();
    const row = await providerOfTicket(ctx.db, ticket);
    if (row === null) throw stale();
    try {
      const claims = await claimsOf(ctx, { row, ticket, query: input.query });
      if (ticket.proves !== undefined)
        return { ...(await proveSignIn(ctx, { row, claims, of: ticket.proves })), next: ticket.next };
      const signedIn = await enter(ctx, { row, claims, userAgent: input.userAgent });
      return { ...signedIn, next: ticket.next };
    } catch (error) {
      throw await refusal(ctx, row, error);
    }
  },
});

const stale = (): CreelError =>
  new CreelError("sso_refused", "This sign-in is over or was not begun here. Begin again on the sign-in page.");

async function providerOfTicket(db: Db, ticket: Ticket): Promise<ProviderRow | null> {
  const row = await withOrg(db, ticket.orgId, async (tx) => await providerOf(tx, ticket.orgId));
  const same = row?.id === ticket.providerId && row.updatedAt.getTime() === ticket.settingsAt;
  return same ? row : null;
}

/** What the provider says of the person, in an ID token and, where the address is missing there, at its user info endpoint. */
async function claimsOf(
  ctx: Ctx,
  { row, ticket, query }: { row: ProviderRow; ticket: Ticket; query: string },
): Promise<Claims> {
  const config = await clientOf(ctx, row);
  // The address is ours, not the request's: no header of the request has a say in what the provider is told.
  const url = new URL(redirectUri(worldOf(ctx), row.orgId));
  url.search = query;
  const tokens = await oidc.authorizationCodeGrant(config, url, {
    pkceCodeVerifier: ticket.codeVerifier,
    expectedState: ticket.state,
    expectedNonce: ticket.nonce,
    idTokenExpected: true,
    ...(ticket.prove ? { maxAge: PROVE_AGE_SECONDS_MAX } : {}),
  });
  const claims = tokens.claims();
  if (claims === undefined || claims.iss !== row.issuer) throw new Error("The ID token is of another issuer.");
  if (claims.email !== undefined || config.serverMetadata().userinfo_endpoint === undefined) return claims;
  const more = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub);
  return { ...more, ...claims };
}

/** Every answer to a ticket of ours that does not sign in stands in the org's audit, with why; the browser learns what helps it. */
async function refusal(ctx: Ctx, row: ProviderRow, error: unknown): Promise<CreelError> {
  const told =
    error instanceof CreelError
      ? error
      : new CreelError(
          "sso_refused",
          "Your identity provider's answer was not accepted. Ask an owner to look at the audit.",
          {
            cause: error,
          },
        );
  await withOrg(ctx.db, row.orgId, (tx) =>
    recordAudit(tx, ctx, row.orgId, {
      action: "sso.refused",
      resource: { kind: "identity_provider", id: row.id, label: row.name },
      changes: { reason: { to: wordsOf(error) } },
    }),
  );
  return told;
}
