import { riskGrades } from "@creel/approvals";

/** What the form holds; each field is text, as the browser has it. */
export const initialForm = {
  name: "",
  kind: "policy_version",
  risk: "none",
  count: "1",
  reviewer: "permission:change:approve",
  mode: "evaluate",
};
export type ApprovalForm = typeof initialForm;

const kinds: readonly (readonly [string, string])[] = [
  ["", "every kind"],
  ["policy_version", "policies"],
  ["egress_exception", "exceptions"],
  ["role_grant", "roles that are given"],
  ["secret_binding", "secrets that are bound"],
  ["approval_policy", "approval policies"],
];
export const kindOptions = kinds.map(([value, text]) => ({ value, text }));
export const riskOptions = riskGrades.map((value) => ({ value, text: value === "none" ? "any risk" : value }));
export const modeOptions = [
  { value: "evaluate", text: "only look on, and say what it would have held up" },
  { value: "enforce", text: "enforce" },
];
export const reviewerOptions = [
  { value: "permission:change:approve", text: "everyone who may approve changes" },
  ...["approver", "security_admin", "owner"].map((role) => ({
    value: `role:${role}`,
    text: `the role ${role.replaceAll("_", " ")}`,
  })),
];

/** The rule that the form says. */
export function specOf(form: ApprovalForm) {
  const [by, ...rest] = form.reviewer.split(":");
  const name = rest.join(":");
  const risk = riskGrades.find((grade) => grade === form.risk) ?? "none";
  return {
    selector: {
      ...(form.kind === "" ? {} : { kinds: [form.kind] }),
      ...(risk === "none" ? {} : { riskAtLeast: risk }),
    },
    steps: [{ atLeast: Number(form.count), of: [by === "role" ? { role: name } : { permission: name }] }],
  };
}
