import { approvalSpecSchema } from "@creel/approvals";
import { describe, expect, it } from "vitest";
import { type ApprovalForm, initialForm, specOf, wrongIn } from "../src/app/(app)/changes/policies/form.ts";

const weekly = { days: ["fri", "sat"] as const, from: "16:00", until: "00:00", timezone: " Europe/Berlin " };
const frozen = (freeze: Partial<ApprovalForm["freeze"]>): ApprovalForm => ({
  ...initialForm,
  name: "weekends",
  freeze: { ...weekly, reason: " weekend ", ...freeze },
});

describe("the form of an approval policy", () => {
  it("freezes nothing while no day is chosen, whatever else stands in the fields", () => {
    expect(specOf(frozen({ days: [] })).freezes).toEqual([]);
    expect(wrongIn(frozen({ days: [], from: "", reason: "" }))).toBeNull();
  });

  it("says a weekly freeze as the rule's schema takes it", () => {
    expect(approvalSpecSchema.parse(specOf(frozen({}))).freezes).toEqual([
      { weekly: { ...weekly, days: [...weekly.days], timezone: "Europe/Berlin" }, reason: "weekend" },
    ]);
  });

  it("is not sent without hours, a reason, a name, or with more persons than a rule may ask", () => {
    expect(wrongIn(frozen({}))).toBeNull();
    expect(wrongIn(frozen({ until: "" }))).toMatch(/from when until when/);
    expect(wrongIn(frozen({ reason: " " }))).toMatch(/why/);
    expect(wrongIn({ ...frozen({}), name: " " })).toMatch(/name/);
    expect(wrongIn({ ...frozen({}), count: "10" })).toBeNull();
    expect(wrongIn({ ...frozen({}), count: "11" })).toMatch(/1 to 10/);
  });
});
