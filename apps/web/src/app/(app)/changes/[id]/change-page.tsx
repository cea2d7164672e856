"use client";
import { visible, visibleLines } from "@creel/policy/visible";
import { useQuery } from "@tanstack/react-query";
import { useTRPC } from "../../../../client/trpc.ts";
import { paths } from "../../../../lib/paths.ts";
import { ChangeStateBadge } from "../../../../parts/change-state.tsx";
import { TextLink } from "../../../../ui/link.tsx";
import { Facts, PageHeader, Panel, ShortDigest } from "../../../../ui/panel.tsx";
import { Answer } from "../../../../ui/query.tsx";
import { RiskBadge } from "../../../../ui/risk-badge.tsx";
import { Time } from "../../../../ui/time.tsx";
import { Decide } from "./decide.tsx";
import { Impact } from "./impact.tsx";
import { Missing, Votes } from "./missing.tsx";
import { Review } from "./review.tsx";

const times = (count: number): string => (count === 1 ? "once" : `${count} times`);

/** In the lines and the direction in which it was written: an agent's words may stand in it, and stay in their place. */
const Message = ({ children }: { children: string }) => (
  <span className="whitespace-pre-line [unicode-bidi:isolate]">{visibleLines(children)}</span>
);

/** Everything one decides by, in the order in which one asks: what it does, whom it touches, who must agree. */
export const ChangePage = ({ changeId }: { changeId: string }) => {
  const trpc = useTRPC();
  const query = useQuery(trpc.change.get.queryOptions({ changeId }));
  const impact = useQuery(trpc.change.impact.queryOptions({ changeId }));
  return (
    <Answer query={query} what="the change">
      {(change) => (
        <>
          <PageHeader
            trail={<TextLink href={paths.changes()}>Changes</TextLink>}
            title={visible(change.title)}
            lead={change.message === "" ? undefined : <Message>{change.message}</Message>}
          />
          <div className="grid gap-4 lg:grid-cols-[minmax(0,1fr)_22rem]">
            <div className="grid min-w-0 content-start gap-4">
              <Answer query={impact} what="what it touches">
                {(touched) => <Impact change={change} impact={touched} />}
              </Answer>
            </div>
            <div className="grid min-w-0 content-start gap-4">
              <Decide key={change.digest} change={change} />
              <Missing change={change} />
              <Panel title="The change">
                <Facts
                  items={[
                    { term: "State", value: <ChangeStateBadge change={change} /> },
                    { term: "Risk", value: <RiskBadge grade={change.risk} /> },
                    { term: "By", value: change.author.label },
                    ...(change.lastEditor === null ? [] : [{ term: "Last edited by", value: change.lastEditor.label }]),
                    ...(change.reopens === null
                      ? []
                      : [
                          {
                            term: "Would undo",
                            value: (
                              <TextLink href={paths.change(change.reopens.id)}>
                                {visible(change.reopens.title)}
                              </TextLink>
                            ),
                          },
                        ]),
                    { term: "Proposed", value: <Time at={change.createdAt} /> },
                    ...(change.revision > 1 ? [{ term: "Edited", value: times(change.revision - 1) }] : []),
                    ...(change.state === "open" ? [{ term: "Expires", value: <Time at={change.expiresAt} /> }] : []),
                    ...(change.applyAt ? [{ term: "Not before", value: <Time at={change.applyAt} /> }] : []),
                    ...(change.frozenUntil ? [{ term: "Frozen until", value: <Time at={change.frozenUntil} /> }] : []),
                    ...(change.endedReason ? [{ term: "Ended", value: change.endedReason }] : []),
                    { term: "Digest", value: <ShortDigest digest={change.digest} /> },
                  ]}
                />
                {change.wouldBlock.length > 0 ? (
                  <p className="mt-2 rounded bg-would-soft px-2.5 py-1.5 text-would">
                    Would have been held up by {change.wouldBlock.map(({ name }) => name).join(", ")}.
                  </p>
                ) : null}
              </Panel>
              <Votes change={change} />
              <Review change={change} />
            </div>
          </div>
        </>
      )}
    </Answer>
  );
};
