"use client";
import type { PolicyDetail } from "@creel/core";
import dynamic from "next/dynamic";
import { useId, useRef, useState } from "react";
import { useMe, useRefusalOf } from "../../../../client/me.tsx";
import type { CodeEditorHandle } from "../../../../editor/code-editor.tsx";
import { ProblemList } from "../../../../parts/problem-list.tsx";
import { useDraft } from "../../../../policy/use-draft.ts";
import { type Linted, useLint } from "../../../../policy/use-lint.ts";
import { Badge } from "../../../../ui/badge.tsx";
import { Button } from "../../../../ui/button.tsx";
import { Panel } from "../../../../ui/panel.tsx";
import { Loading } from "../../../../ui/states.tsx";
import { AddPreset } from "./add-preset.tsx";
import { ReviewDialog } from "./review-dialog.tsx";

/** CodeMirror measures a real page and is needed nowhere else, so no other page loads it. */
const CodeEditor = dynamic(() => import("../../../../editor/code-editor.tsx"), {
  ssr: false,
  loading: () => <Loading what="the editor" />,
});

const MEND = "Mend the errors first.";
const counted = (count: number, word: string): string => `${count} ${count === 1 ? word : `${word}s`}`;

const Verdict = ({ linted, errors }: { linted: Linted | null; errors: number }) => {
  const warnings = (linted?.problems.length ?? 0) - errors;
  return (
    <span role="status">
      {linted === null ? (
        <Badge>being checked</Badge>
      ) : errors > 0 ? (
        <Badge tone="deny">{counted(errors, "error")}</Badge>
      ) : (
        <Badge tone="allow">can be saved</Badge>
      )}{" "}
      {warnings > 0 ? <Badge tone="would">{counted(warnings, "warning")}</Badge> : null}
    </span>
  );
};

const Keys = ({ id, refusal }: { id: string; refusal: string | null }) => (
  <p id={id} className="mt-1.5 text-muted">
    {refusal === null ? (
      <>
        <kbd>Ctrl Space</kbd> proposes what may stand here, <kbd>F8</kbd> goes to the next problem, <kbd>Ctrl F</kbd>{" "}
        searches. <kbd>Tab</kbd> leaves the editor; <kbd>Ctrl ]</kbd> indents.
      </>
    ) : (
      <>Read only. {refusal}</>
    )}
  </p>
);

/** The policy's text with the language itself running along: the linter that the server and the nodes use, in the browser. */
export const PolicyEditor = ({ policy }: { policy: PolicyDetail }) => {
  const refusal = useRefusalOf("propose", "policy");
  const draft = useDraft({
    actorId: useMe().actor.id,
    policyId: policy.id,
    newest: { version: policy.latestVersion, yaml: policy.yaml },
    mayEdit: refusal === null,
  });
  const { text, base, changed, overtaken } = draft;
  const [reviewing, setReviewing] = useState(false);
  const editor = useRef<CodeEditorHandle>(null);
  const keysId = useId();
  const linted = useLint(text);
  const problems = linted?.problems ?? [];
  const errors = problems.filter((problem) => problem.severity === "error").length;

  const reason =
    refusal ??
    (changed ? null : "Nothing has changed.") ??
    (errors > 0 ? MEND : null) ??
    (overtaken ? "Another version was saved meanwhile." : null);

  return (
    <Panel title="Policy text" actions={<Verdict linted={linted} errors={errors} />}>
      {overtaken ? (
        <p role="alert" className="mb-2 flex flex-wrap items-center gap-2 rounded bg-wait-soft px-3 py-2 text-wait">
          {draft.restored ? "Your unsaved text was kept. " : null}
          Version {policy.latestVersion} was saved while you wrote on version {base.version}.
          <Button onClick={draft.discard}>Drop my text and load it</Button>
        </p>
      ) : draft.restored ? (
        <p role="status" className="mb-2 flex flex-wrap items-center gap-2 rounded bg-sunken px-3 py-2">
          Your unsaved text was kept.
          <Button onClick={draft.discard}>Discard</Button>
        </p>
      ) : null}
      <div className="h-[32rem] max-h-[75dvh] overflow-hidden rounded border border-line-strong/60 focus-within:outline-2 focus-within:outline-accent">
        <CodeEditor
          ref={editor}
          value={text}
          onChange={draft.write}
          problems={problems}
          readOnly={refusal !== null}
          label="Policy as YAML"
          describedBy={keysId}
        />
      </div>
      <Keys id={keysId} refusal={refusal} />
      {problems.length > 0 ? (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard.
        <section aria-label="Problems of the text" tabIndex={0} className="mt-2 max-h-52 overflow-auto">
          <ProblemList problems={problems} goTo={(place) => editor.current?.goTo(place)} />
        </section>
      ) : null}
      <div className="mt-3 flex flex-wrap items-start gap-2">
        <Button look="primary" disabledReason={reason} onClick={() => setReviewing(true)}>
          Review and save…
        </Button>
        <AddPreset text={text} disabledReason={refusal ?? (errors > 0 ? MEND : null)} onAdd={draft.write} />
        {changed ? <Button onClick={draft.discard}>Undo all</Button> : null}
      </div>
      <ReviewDialog
        open={reviewing}
        onOpenChange={setReviewing}
        policyId={policy.id}
        policyName={policy.name}
        sandboxCount={policy.sandboxCount}
        base={base}
        text={text}
        onReload={draft.discard}
        onSaved={draft.saved}
      />
    </Panel>
  );
};
