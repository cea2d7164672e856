"use client";
import { diffLines } from "@creel/policy/browser";
import { type ReactNode, useMemo } from "react";
import type { Comparison } from "../../policy/engine.ts";
import type { useComparison } from "../../policy/use-comparison.ts";
import { Diff } from "../../ui/diff.tsx";
import { ProblemList } from "../problem-list.tsx";
import { SemanticDiff } from "./semantic-diff.tsx";
import { TestResults } from "./test-results.tsx";

const Part = ({ title, children }: { title: string; children: ReactNode }) => (
  <section aria-label={title} className="grid gap-1.5">
    <h3 className="font-semibold">{title}</h3>
    {children}
  </section>
);

const Judged = ({ judged }: { judged: Comparison }) => (
  <>
    {judged.tests === null ? null : (
      <Part title="Tests of the file">
        <TestResults results={judged.tests} />
      </Part>
    )}
    {judged.problems.length === 0 ? null : (
      <Part title="What a reviewer may miss">
        <ProblemList problems={judged.problems} />
      </Part>
    )}
  </>
);

/**
 * What a change means, then how the text changes, then what the file says of itself. The meaning comes first because a line diff
 * shows what was typed, not what it lets through.
 */
export const PolicyDiffView = (props: {
  before: string;
  after: string;
  label: string;
  comparison: ReturnType<typeof useComparison>;
  /** Also the tests and warnings of the newer text. */
  judge?: boolean;
}) => {
  const { before, after, label, comparison } = props;
  const lines = useMemo(() => diffLines(before, after), [before, after]);
  return (
    <div className="grid min-w-0 gap-4">
      <Part title="What changes">
        <Meaning comparison={comparison} />
      </Part>
      <Part title="Lines">
        <Diff label={label} lines={lines} />
      </Part>
      {props.judge && comparison.data ? <Judged judged={comparison.data} /> : null}
    </div>
  );
};

const Meaning = ({ comparison }: { comparison: ReturnType<typeof useComparison> }) => {
  if (comparison.data?.diff) return <SemanticDiff diff={comparison.data.diff} />;
  if (comparison.data) return <p className="text-muted">{comparison.data.incomparable}</p>;
  if (comparison.isError)
    return (
      <p role="alert" className="text-muted">
        What changes could not be worked out: {comparison.error.message} The lines below are complete.
      </p>
    );
  return (
    <p role="status" className="text-muted">
      Working out what becomes newly allowed and newly denied…
    </p>
  );
};
