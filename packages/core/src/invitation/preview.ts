import { z } from "zod";
import type { InvitationPreview } from "../peopleViews.ts";
import { iso } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import { findInvitation } from "./find.ts";

export const previewInput = z.strictObject({ token: z.string().max(256) });

/** What stands on an invitation's page, for whoever holds the link: not whether the address has an account, which may be another org's. */
export const preview = defineVerb({
  name: "invitation.preview",
  kind: "query",
  gate: { by: "open" },
  input: previewInput,
  run: async (ctx, { token }): Promise<InvitationPreview> => {
    const { invitation, orgName } = await findInvitation(ctx, token);
    return { orgName, email: invitation.email, expiresAt: iso(invitation.expiresAt) };
  },
});
