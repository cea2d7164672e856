import type { ChangeView } from "@creel/core";
import { Badge, type Tone } from "../ui/badge.tsx";

const tones: Partial<Record<ChangeView["state"], Tone>> = {
  open: "wait",
  approved: "wait",
  applied: "allow",
  rejected: "deny",
  failed: "deny",
};
const words: Partial<Record<ChangeView["state"], string>> = {
  open: "needs approval",
  approved: "approved, waiting for its time",
};

export const ChangeStateBadge = ({ change }: { change: Pick<ChangeView, "state" | "review"> }) => (
  <span className="inline-flex flex-wrap gap-1">
    <Badge tone={tones[change.state] ?? "neutral"}>{words[change.state] ?? change.state}</Badge>
    {change.review === null ? null : (
      <Badge tone="would">{change.review.closedAt === null ? "glass broken, review open" : "glass broken"}</Badge>
    )}
  </span>
);
