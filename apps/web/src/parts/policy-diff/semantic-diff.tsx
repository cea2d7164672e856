"use client";
import type { PolicyDiff, RiskGrade } from "@creel/policy/browser";
import { type ReactNode, useId, useState } from "react";
import { Badge, type Tone } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { RiskBadge } from "../../ui/risk-badge.tsx";
import { gravestFirst, summaryOf } from "./diff-text.ts";
import { RequestChangeItem } from "./request-change.tsx";
import { SettingChangeItem } from "./setting-change.tsx";

/** A screenful or two; the gravest come first, and the rest on demand. */
const SHOWN_FIRST = 20;

const Section = <T extends { risk: { grade: RiskGrade } }>(props: {
  title: string;
  tone: Tone;
  changes: readonly T[];
  item: (change: T, at: number) => ReactNode;
}) => {
  const headingId = useId();
  const [all, setAll] = useState(false);
  const sorted = gravestFirst(props.changes);
  const hidden = all ? 0 : Math.max(0, sorted.length - SHOWN_FIRST);
  if (sorted.length === 0) return null;
  return (
    <section aria-labelledby={headingId}>
      <h3 id={headingId} className="mb-1">
        <Badge tone={props.tone}>{props.title}</Badge>
      </h3>
      <ul className="rounded border border-line px-3">
        {sorted.slice(0, sorted.length - hidden).map((change, at) => props.item(change, at))}
      </ul>
      {hidden > 0 ? (
        <div className="mt-1">
          <Button look="quiet" onClick={() => setAll(true)}>
            Show {hidden} more of lower or equal risk
          </Button>
        </div>
      ) : null}
    </section>
  );
};

/** What becomes newly allowed and newly denied, and which settings move. */
export const SemanticDiff = ({ diff }: { diff: PolicyDiff }) => {
  const { allowed, denied, settings } = summaryOf(diff);
  if (diff.requests.length === 0 && diff.settings.length === 0)
    return <p>Every request is judged as before, and no setting changes. Only the text differs.</p>;
  return (
    <div className="grid gap-3">
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <RiskBadge grade={diff.risk} />
        <span>
          {allowed}, {denied}, {settings}.
        </span>
      </p>
      {diff.exact ? null : (
        <p role="note" className="rounded bg-sunken px-3 py-2">
          The change is too large to be told exactly: some sets below hold requests that are judged as before. None that
          changes is missing.
        </p>
      )}
      <Section
        title="Newly allowed"
        tone="allow"
        changes={diff.requests.filter((change) => change.effect === "allow")}
        item={(change, at) => <RequestChangeItem key={`${at}${change.sentence}`} change={change} />}
      />
      <Section
        title="Newly denied"
        tone="deny"
        changes={diff.requests.filter((change) => change.effect === "deny")}
        item={(change, at) => <RequestChangeItem key={`${at}${change.sentence}`} change={change} />}
      />
      <Section
        title="Settings"
        tone="neutral"
        changes={diff.settings}
        item={(change, at) => <SettingChangeItem key={`${at}${change.field}`} change={change} />}
      />
    </div>
  );
};
