import { withOrg } from "@creel/db";
import { urlProblem } from "@creel/notices/target";
import { z } from "zod";
import { recordAudit } from "../audit/record.ts";
import { notFound } from "../errors/errors.ts";
import { defineVerb } from "../verb.ts";
import { clientOf } from "./client.ts";
import { providerOf } from "./row.ts";
import { wordsOf } from "./words.ts";
import { worldOf } from "./world.ts";

export const checkInput = z.strictObject({});

/** The test button: asks the provider for its metadata and says what is wrong with it. A sign-in tries the rest. */
export const check = defineVerb({
  name: "sso.check",
  kind: "mutation",
  gate: { by: "person", action: "update", on: "identity_provider" },
  input: checkInput,
  run: async (ctx): Promise<{ ok: boolean; problem: string | null }> => {
    const { orgId } = ctx.actor;
    const row = await withOrg(ctx.db, orgId, async (tx) => await providerOf(tx, orgId));
    if (row === null) throw notFound();
    let problem: string | null = null;
    try {
      const metadata = (await clientOf(ctx, row)).serverMetadata();
      const where = urlProblem(metadata.authorization_endpoint ?? "", worldOf(ctx).trustedHosts);
      if (where !== null) problem = `Its authorization endpoint ${where}.`;
      else if (metadata.jwks_uri === undefined) problem = "It publishes no keys (jwks_uri).";
      else if (metadata.token_endpoint === undefined) problem = "It names no token endpoint.";
    } catch (error) {
      problem = wordsOf(error);
    }
    await withOrg(ctx.db, orgId, (tx) =>
      recordAudit(tx, ctx, orgId, {
        action: "sso.check",
        resource: { kind: "identity_provider", id: row.id, label: row.name },
        changes: { problem: { to: problem } },
      }),
    );
    return { ok: problem === null, problem };
  },
});
