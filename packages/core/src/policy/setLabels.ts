import { z } from "zod";
import { labelsSchema } from "../authz/fields.ts";
import type { Labels } from "../authz/grant.ts";
import { submitChange } from "../change/submit.ts";
import type { Outcome } from "../changeViews.ts";
import { defineVerb } from "../verb.ts";
import { expectMayMove, policyLabelsChange } from "./labelsChange.ts";

export const setLabelsInput = z.strictObject({ policyId: z.uuid(), labels: labelsSchema });

/** Moves a policy between scopes, or proposes it where others have to approve. */
export const setLabels = defineVerb({
  name: "policy.setLabels",
  kind: "mutation",
  gate: { by: "person", action: "update", on: "policy" },
  input: setLabelsInput,
  run: async (ctx, content): Promise<Outcome<{ labels: Labels }>> => {
    const submitted = await submitChange(ctx, policyLabelsChange, {
      content,
      message: "",
      admit: async (at, actor) => await expectMayMove(at, actor, content),
    });
    if (submitted.outcome === "proposed") return submitted;
    return { outcome: "applied", changeId: submitted.changeId, ...submitted.result };
  },
});
