"use client";
import type { PolicyDetail } from "@creel/core";
import { parsePolicy } from "@creel/policy";
import { useDeferredValue, useMemo, useRef, useState } from "react";
import { useRefusalOf } from "../../../../client/me.tsx";
import { ProblemList } from "../../../../parts/problem-list.tsx";
import { Badge } from "../../../../ui/badge.tsx";
import { Button } from "../../../../ui/button.tsx";
import { Panel } from "../../../../ui/panel.tsx";
import { ReviewDialog } from "./review-dialog.tsx";

const LINE_REM = 1.5;

/** Where a line and column lie in the text, both counted from 1. */
const offsetOf = (text: string, place: { line: number; column: number }): number => {
  const before = text.split("\n").slice(0, place.line - 1);
  return before.reduce((total, line) => total + line.length + 1, 0) + place.column - 1;
};

const Verdict = ({ errors, warnings }: { errors: number; warnings: number }) => (
  <span role="status">
    {errors > 0 ? (
      <Badge tone="deny">
        {errors} {errors === 1 ? "error" : "errors"}
      </Badge>
    ) : (
      <Badge tone="allow">can be saved</Badge>
    )}{" "}
    {warnings > 0 ? (
      <Badge tone="would">
        {warnings} {warnings === 1 ? "warning" : "warnings"}
      </Badge>
    ) : null}
  </span>
);

/** The policy's text with the same parser that the server and the nodes use running along in the browser. */
export const PolicyEditor = ({ policy }: { policy: PolicyDetail }) => {
  const [text, setText] = useState(policy.yaml);
  const [base, setBase] = useState({ version: policy.latestVersion, yaml: policy.yaml });
  const [reviewing, setReviewing] = useState(false);
  const area = useRef<HTMLTextAreaElement>(null);
  const gutter = useRef<HTMLDivElement>(null);
  const settled = useDeferredValue(text);
  const problems = useMemo(() => parsePolicy(settled).problems, [settled]);
  const errors = problems.filter((problem) => problem.severity === "error").length;
  const lineCount = text.split("\n").length;

  const takeNewest = () => {
    setText(policy.yaml);
    setBase({ version: policy.latestVersion, yaml: policy.yaml });
  };
  const moved = policy.latestVersion !== base.version;
  const changed = text !== base.yaml;
  // Somebody else's version arrives by itself where nothing of one's own would be lost by it.
  if (moved && !changed) takeNewest();

  const refusal = useRefusalOf("update", "policy");
  const reason =
    refusal ??
    (changed ? null : "Nothing has changed.") ??
    (errors > 0 ? "Mend the errors below first." : null) ??
    (moved ? "Another version was saved meanwhile." : null);
  const goTo = (place: { line: number; column: number }) => {
    const at = offsetOf(text, place);
    area.current?.focus();
    area.current?.setSelectionRange(at, at);
  };

  return (
    <Panel title="Policy text" actions={<Verdict errors={errors} warnings={problems.length - errors} />}>
      {moved && changed ? (
        <p role="alert" className="mb-2 flex flex-wrap items-center gap-2 rounded bg-wait-soft px-3 py-2 text-wait">
          Version {policy.latestVersion} was saved while you wrote on version {base.version}.
          <Button onClick={takeNewest}>Drop my text and load it</Button>
        </p>
      ) : null}
      <div className="flex overflow-hidden rounded border border-line-strong/60 font-mono focus-within:outline-2 focus-within:outline-accent">
        <div
          ref={gutter}
          aria-hidden
          className="h-[28rem] shrink-0 overflow-hidden border-r border-line bg-sunken px-2 py-2 text-right text-muted select-none"
          style={{ lineHeight: `${LINE_REM}rem` }}
        >
          {Array.from({ length: lineCount }, (_, at) => at + 1)
            .join("\n")
            .split("\n")
            .map((line) => (
              <div key={line}>{line}</div>
            ))}
        </div>
        <textarea
          ref={area}
          aria-label="Policy as YAML"
          value={text}
          onChange={(event) => setText(event.target.value)}
          onScroll={(event) => {
            if (gutter.current) gutter.current.scrollTop = event.currentTarget.scrollTop;
          }}
          readOnly={refusal !== null}
          spellCheck={false}
          autoCapitalize="off"
          autoComplete="off"
          wrap="off"
          className="h-[28rem] min-w-0 flex-1 resize-none bg-panel px-2 py-2 outline-none"
          style={{ lineHeight: `${LINE_REM}rem` }}
        />
      </div>
      {problems.length > 0 ? (
        <div className="mt-2 max-h-52 overflow-auto">
          <ProblemList problems={problems} goTo={goTo} />
        </div>
      ) : null}
      <div className="mt-3 flex flex-wrap items-start gap-2">
        <Button look="primary" disabledReason={reason} onClick={() => setReviewing(true)}>
          Review and save…
        </Button>
        {changed ? <Button onClick={() => setText(base.yaml)}>Undo all</Button> : null}
      </div>
      <ReviewDialog
        open={reviewing}
        onOpenChange={setReviewing}
        policyId={policy.id}
        policyName={policy.name}
        sandboxCount={policy.sandboxCount}
        base={base}
        text={text}
        onReload={takeNewest}
      />
    </Panel>
  );
};
