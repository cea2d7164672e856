import { withOrg } from "@creel/db";
import { POLICY_BYTES_MAX } from "@creel/protocol";
import { z } from "zod";
import { authorizeOn } from "../authz/authorize.ts";
import { labelsSchema } from "../authz/fields.ts";
import { authorizeRelabel } from "../authz/relabel.ts";
import { violatesUnique } from "../errors/database.ts";
import { CreelError, notFound } from "../errors/errors.ts";
import { MESSAGE_CHARS_MAX, slugSchema } from "../limits.ts";
import { defineVerb } from "../verb.ts";
import type { PolicyDetail } from "../views.ts";
import { insertPolicy } from "./insert.ts";
import { policyDetails } from "./view.ts";

export const createInput = z.strictObject({
  name: slugSchema,
  labels: labelsSchema.default({}),
  yaml: z.string().max(POLICY_BYTES_MAX),
  message: z.string().max(MESSAGE_CHARS_MAX).default(""),
});

export const create = defineVerb({
  name: "policy.create",
  kind: "mutation",
  gate: { by: "person", action: "create", on: "policy" },
  input: createInput,
  run: async (ctx, input): Promise<PolicyDetail> => {
    const { orgId } = ctx.actor;
    authorizeOn(ctx.actor, { action: "create", kind: "policy", labels: input.labels });
    authorizeRelabel(ctx.actor, { action: "create", kind: "policy", from: {}, to: input.labels });
    try {
      return await withOrg(ctx.db, orgId, async (tx) => {
        const policyId = await insertPolicy(tx, ctx, { orgId, ...input });
        const [made] = await policyDetails(tx, { orgId, policyId });
        if (made === undefined) throw notFound();
        return made;
      });
    } catch (error) {
      if (violatesUnique(error, "policies_name"))
        throw new CreelError("conflict", `A policy called ${input.name} exists already. Save a new version of it.`);
      throw error;
    }
  },
});
