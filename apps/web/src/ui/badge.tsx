import clsx from "clsx";
import type { ReactNode } from "react";

/** Semantic colours stand for these four meanings and nothing else. */
export type Tone = "allow" | "deny" | "would" | "wait" | "neutral";

const tones: Record<Tone, string> = {
  allow: "bg-allow-soft text-allow",
  deny: "bg-deny-soft text-deny",
  would: "bg-would-soft text-would",
  wait: "bg-wait-soft text-wait",
  neutral: "bg-sunken text-muted",
};

export const Badge = ({ tone = "neutral", children }: { tone?: Tone; children: ReactNode }) => (
  <span
    className={clsx("inline-block rounded-sm px-1.5 py-px text-[0.86rem] font-medium whitespace-nowrap", tones[tone])}
  >
    {children}
  </span>
);

const verdictWords: Record<string, { tone: Tone; text: string }> = {
  allow: { tone: "allow", text: "allowed" },
  deny: { tone: "deny", text: "denied" },
  would_deny: { tone: "would", text: "would deny" },
};

export const VerdictBadge = ({ verdict }: { verdict: string }) => {
  const word = verdictWords[verdict] ?? { tone: "neutral" as const, text: verdict };
  return <Badge tone={word.tone}>{word.text}</Badge>;
};

const phaseTones: Record<string, Tone> = {
  running: "allow",
  starting: "wait",
  pending: "wait",
  waiting: "wait",
  failed: "deny",
  quarantined: "deny",
};
export const PhaseBadge = ({ phase }: { phase: string }) => (
  <Badge tone={phaseTones[phase] ?? "neutral"}>{phase}</Badge>
);

const planTones: Record<string, Tone> = { applied: "allow", failed: "deny", pending: "wait", sent: "wait" };
const planWords: Record<string, string> = {
  applied: "in force",
  pending: "waiting to be sent",
  sent: "sent to the node",
  superseded: "superseded",
};
export const PlanBadge = ({ state }: { state: string }) => (
  <Badge tone={planTones[state] ?? "neutral"}>{planWords[state] ?? state}</Badge>
);

const layerTones: Record<string, Tone> = { enforced: "allow", weaker: "would", missing: "deny" };
export const LayerBadge = ({ state }: { state: string }) => (
  <Badge tone={layerTones[state] ?? "neutral"}>{state}</Badge>
);
