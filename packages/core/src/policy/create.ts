import { withOrg } from "@creel/db";
import { POLICY_BYTES_MAX } from "@creel/protocol";
import { z } from "zod";
import { authorizeOn } from "../authz/authorize.ts";
import { labelsSchema } from "../authz/fields.ts";
import { authorizeRelabel } from "../authz/relabel.ts";
import { submitChange } from "../change/submit.ts";
import type { Outcome } from "../changeViews.ts";
import { violatesUnique } from "../errors/database.ts";
import { notFound } from "../errors/errors.ts";
import { MESSAGE_CHARS_MAX, slugSchema } from "../limits.ts";
import { defineVerb } from "../verb.ts";
import type { PolicyDetail } from "../views.ts";
import { isTaken, nameTaken, policyCreateChange } from "./createChange.ts";
import { judgePolicy } from "./judge.ts";
import { policyDetails } from "./view.ts";

export const createInput = z.strictObject({
  name: slugSchema,
  labels: labelsSchema.default({}),
  yaml: z.string().max(POLICY_BYTES_MAX),
  message: z.string().max(MESSAGE_CHARS_MAX).default(""),
});

/** Makes a policy with its first version, or proposes it where others have to approve. */
export const create = defineVerb({
  name: "policy.create",
  kind: "mutation",
  gate: { by: "person", action: "create", on: "policy" },
  input: createInput,
  run: async (ctx, { message, ...content }): Promise<Outcome<PolicyDetail>> => {
    const { orgId } = ctx.actor;
    const { name, labels, yaml } = content;
    authorizeOn(ctx.actor, { action: "create", kind: "policy", labels });
    judgePolicy(yaml, ctx.clock());
    try {
      const submitted = await submitChange(ctx, policyCreateChange, {
        content,
        message,
        by: { action: "create", on: "policy" },
        admit: async (at, actor) => {
          authorizeOn(actor, { action: "create", kind: "policy", labels });
          authorizeRelabel(actor, { action: "create", kind: "policy", from: {}, to: labels });
          if (await isTaken(at, name)) throw nameTaken(name);
        },
      });
      if (submitted.outcome === "proposed") return submitted;
      const { changeId, result } = submitted;
      const made = { orgId, policyId: result.policyId };
      const [policy] = await withOrg(ctx.db, orgId, async (tx) => await policyDetails(tx, made));
      if (policy === undefined) throw notFound();
      return { outcome: "applied", changeId, ...policy };
    } catch (error) {
      if (violatesUnique(error, "policies_name")) throw nameTaken(name);
      throw error;
    }
  },
});
