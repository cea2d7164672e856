import { riskGrades, type Weekday } from "@creel/approvals";

/** The hours of every week in which nothing is applied; none while no day is chosen. */
export interface FreezeForm {
  days: readonly Weekday[];
  from: string;
  until: string;
  timezone: string;
  reason: string;
}
const noFreeze: FreezeForm = { days: [], from: "16:00", until: "00:00", timezone: "", reason: "" };

/** What the form holds; each field is text, as the browser has it. */
export const initialForm = {
  name: "",
  kind: "policy_version",
  risk: "none",
  count: "1",
  reviewer: "permission:change:approve",
  mode: "evaluate",
  freeze: noFreeze,
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
  { value: "evaluate", text: "only say what it would have held up" },
  { value: "enforce", text: "enforce" },
];
export const reviewerOptions = [
  { value: "permission:change:approve", text: "everyone who may approve changes" },
  ...["approver", "security_admin", "owner"].map((role) => ({
    value: `role:${role}`,
    text: `the role ${role.replaceAll("_", " ")}`,
  })),
];

/** Of the browser: whoever writes a rule thinks of their own clocks. */
export const ownTimezone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Why the form cannot be sent, or null. */
export function wrongIn({ name, count, freeze }: ApprovalForm): string | null {
  if (name.trim() === "") return "Give it a name.";
  if (!(Number(count) >= 1 && Number(count) <= PERSONS_MAX)) return `Ask 1 to ${PERSONS_MAX} persons.`;
  if (freeze.days.length === 0) return null;
  if (freeze.from === "" || freeze.until === "") return "Say from when until when nothing is applied.";
  return freeze.reason.trim() === "" ? "Say why nothing is applied then." : null;
}
/** Of one quorum, as the schema has it. */
export const PERSONS_MAX = 10;

function freezesOf({ days, from, until, timezone, reason }: FreezeForm) {
  if (days.length === 0) return [];
  return [{ weekly: { days: [...days], from, until, timezone: timezone.trim() }, reason: reason.trim() }];
}

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
    freezes: freezesOf(form.freeze),
  };
}
