"use client";
import type { AllowProposal, DecisionView } from "@creel/core";
import { MESSAGE_CHARS_MAX } from "@creel/core/bounds";
import { skipToken, useMutation, useQuery } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { type ReactNode, useState } from "react";
import { shownError } from "../../../../client/errors.ts";
import { useMe, useRefusalOf } from "../../../../client/me.tsx";
import { useTRPC } from "../../../../client/trpc.ts";
import { paths } from "../../../../lib/paths.ts";
import { PlanProgress } from "../../../../parts/plan-progress.tsx";
import { PolicyDiffView } from "../../../../parts/policy-diff/policy-diff-view.tsx";
import { ProposedNotice } from "../../../../parts/proposed-notice.tsx";
import { SaveRefusal } from "../../../../parts/save-refusal.tsx";
import { keepDraft, keptDraft } from "../../../../policy/draft.ts";
import { refusalOf, useComparison } from "../../../../policy/use-comparison.ts";
import { Button } from "../../../../ui/button.tsx";
import { Dialog } from "../../../../ui/dialog.tsx";
import { Field } from "../../../../ui/field.tsx";
import { TextLink } from "../../../../ui/link.tsx";
import { Answer } from "../../../../ui/query.tsx";

const WORDS = {
  allow: {
    button: "Allow…",
    title: "Allow this request",
    lead: "The smallest change of the policy that allows it. Nothing changes until you save.",
    done: "The policy allows it already.",
    why: "Why you allow it",
  },
  deny: {
    button: "Deny for good…",
    title: "Deny this request for good",
    lead: "The smallest change of the policy that denies it whatever another rule allows. Nothing changes until you save.",
    done: "A deny rule of the policy names it already.",
    why: "Why you deny it",
  },
} as const;

/** Asked afresh at each opening: the policy may have moved since. */
function useProposal(given: { rule: keyof typeof WORDS; decisionId: string; reason: string; open: boolean }) {
  const trpc = useTRPC();
  const { rule, decisionId, reason, open } = given;
  const fresh = { staleTime: Number.POSITIVE_INFINITY, gcTime: 0 };
  const allow = useQuery(
    trpc.policy.proposeAllow.queryOptions(open && rule === "allow" ? { decisionId } : skipToken, fresh),
  );
  const deny = useQuery(
    trpc.policy.proposeDeny.queryOptions(open && rule === "deny" ? { decisionId, reason } : skipToken, fresh),
  );
  return rule === "allow" ? allow : deny;
}

/**
 * From a denied request to the smallest policy edit that allows it, or denies it for good, reviewed before it is saved, and followed
 * until it holds. `instead` stands where the button would, when there is nothing to do; a dialog that is open stays so.
 */
export const RuleDialog = (props: {
  rule: keyof typeof WORDS;
  decision: DecisionView;
  instead: ReactNode;
  /** Open from the first, with this as its reason. */
  opened: { reason: string } | null;
}) => {
  const { rule, decision, instead, opened } = props;
  const words = WORDS[rule];
  const trpc = useTRPC();
  const [open, setOpen] = useState(opened !== null);
  const [message, setMessage] = useState(opened?.reason ?? "");
  const refusal = useRefusalOf("propose", "policy");
  const proposal = useProposal({ rule, decisionId: decision.id, reason: opened?.reason ?? "", open });
  const save = useMutation(trpc.policy.saveVersion.mutationOptions());
  const change = (next: boolean) => {
    setOpen(next);
    if (next) save.reset();
  };
  const base = proposal.data;
  const comparison = useComparison({
    before: base?.yamlBefore ?? "",
    after: base?.yamlAfter ?? "",
    enabled: open && base !== undefined,
  });
  const nothingToDo = base !== undefined && base.yamlAfter === base.yamlBefore;
  return (
    <>
      {instead ?? (
        <Button look={rule === "allow" ? "primary" : "plain"} disabledReason={refusal} onClick={() => change(true)}>
          {words.button}
        </Button>
      )}
      <Dialog
        open={open}
        onOpenChange={change}
        wide
        title={words.title}
        description={
          <p>
            {save.data
              ? save.data.outcome === "applied"
                ? "The new version is saved and on its way to the nodes."
                : "Nothing has changed yet: somebody has to approve it."
              : words.lead}
          </p>
        }
        footer={
          save.data ? (
            <Button look="primary" onClick={() => change(false)}>
              Done
            </Button>
          ) : (
            <>
              <Button onClick={() => change(false)}>Cancel</Button>
              <EditFirst base={base} nothingToDo={nothingToDo} />
              <Button
                look="primary"
                busy={save.isPending}
                disabledReason={
                  base === undefined
                    ? "There is no change to save yet."
                    : nothingToDo
                      ? words.done
                      : refusalOf(comparison)
                }
                onClick={() => {
                  if (base)
                    save.mutate({
                      policyId: base.policyId,
                      yaml: base.yamlAfter,
                      baseVersion: base.baseVersion,
                      message: message.trim() === "" ? base.sentence : message.trim(),
                    });
                }}
              >
                Save new version
              </Button>
            </>
          )
        }
      >
        {save.data?.outcome === "proposed" ? (
          <ProposedNotice changeId={save.data.changeId} />
        ) : save.data && base ? (
          <div className="grid gap-3">
            <p className="[&_a]:underline">
              Saved as{" "}
              <TextLink href={paths.policy(base.policyId)}>
                {base.policyName} version {save.data.version}
              </TextLink>
              . {base.sentence}
            </p>
            <PlanProgress planIds={save.data.planIds} />
          </div>
        ) : (
          <Answer query={proposal} what="the change">
            {(shown) => (
              <div className="grid min-w-0 gap-4">
                <p className="font-medium">{shown.sentence}</p>
                <PolicyDiffView
                  before={shown.yamlBefore}
                  after={shown.yamlAfter}
                  label={`Change of ${shown.policyName}`}
                  comparison={comparison}
                  judge
                />
                <Field
                  label="Message (optional)"
                  value={message}
                  onChange={(event) => setMessage(event.target.value)}
                  maxLength={MESSAGE_CHARS_MAX}
                  placeholder={shown.sentence}
                  hint={`${words.why}, for whoever reads the versions of ${shown.policyName} later.`}
                  autoComplete="off"
                />
                {save.error ? (
                  <SaveRefusal
                    error={shownError(save.error)}
                    reload={() => {
                      save.reset();
                      void proposal.refetch();
                    }}
                  />
                ) : null}
              </div>
            )}
          </Answer>
        )}
      </Dialog>
    </>
  );
};

/** Takes the proposed text into the policy's editor, as an unsaved draft: narrowest first, and then as one wants it. */
const EditFirst = ({ base, nothingToDo }: { base: AllowProposal | undefined; nothingToDo: boolean }) => {
  const router = useRouter();
  const actorId = useMe().actor.id;
  const [refused, setRefused] = useState<string | null>(null);
  const none = base === undefined || nothingToDo ? "There is no change to edit." : null;
  const edit = () => {
    if (base === undefined) return;
    const key = { actorId, policyId: base.policyId };
    const saved = { version: base.baseVersion, yaml: base.yamlBefore };
    if (keptDraft(sessionStorage, key, saved) !== null)
      return setRefused(`You have unsaved changes of ${base.policyName}. Save or discard them first.`);
    if (!keepDraft(sessionStorage, key, { base: saved, text: base.yamlAfter }))
      return setRefused("This browser keeps no drafts.");
    router.push(paths.policy(base.policyId));
  };
  return (
    <Button disabledReason={none ?? refused} onClick={edit}>
      Edit it first
    </Button>
  );
};
