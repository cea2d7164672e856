"use client";
import type { AgentRequestView } from "@creel/core";
import { visibleLines } from "@creel/policy/visible";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { shownError } from "../../../client/errors.ts";
import { useRefusalOf } from "../../../client/me.tsx";
import { useTRPC } from "../../../client/trpc.ts";
import { paths } from "../../../lib/paths.ts";
import { ActionBar } from "../../../ui/action-bar.tsx";
import { Field } from "../../../ui/field.tsx";
import { TextLink } from "../../../ui/link.tsx";
import { Mono, Panel } from "../../../ui/panel.tsx";
import { Answer } from "../../../ui/query.tsx";
import { Refusal } from "../../../ui/states.tsx";
import { Time } from "../../../ui/time.tsx";

const GRANTS = [
  { text: "Allow once", seconds: 86_400, once: true },
  { text: "For an hour", seconds: 3_600, once: false },
  { text: "For a day", seconds: 86_400, once: false },
] as const;

const Request = ({ request }: { request: AgentRequestView }) => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const refusal = useRefusalOf("propose", "exception");
  const [note, setNote] = useState("");
  const answer = useMutation(
    trpc.agentRequest.answer.mutationOptions({
      onSettled: async () => {
        await queryClient.invalidateQueries(trpc.agentRequest.pathFilter());
        await queryClient.invalidateQueries(trpc.exception.pathFilter());
      },
    }),
  );
  const place = `${request.method ?? "connect"} ${request.host}:${request.port}${request.path ?? ""}`;
  const proposed = request.state === "proposed" && request.changeId !== null ? request.changeId : null;
  return (
    <li className="grid gap-2 border-b border-line px-3 py-2 last:border-b-0">
      <div>
        <TextLink href={paths.sandbox(request.sandboxId)} className="underline">
          {request.sandboxName}
        </TextLink>{" "}
        asks for <Mono>{place}</Mono> by <Mono>{request.binary}</Mono>, <Time at={request.askedAt} />
      </div>
      <figure>
        <figcaption className="text-muted">The agent claims; nobody has checked it:</figcaption>
        <blockquote className="border-l-2 border-line-strong pl-2 whitespace-pre-wrap [unicode-bidi:isolate] [overflow-wrap:anywhere]">
          {visibleLines(request.reason)}
        </blockquote>
      </figure>
      {answer.error ? <Refusal>{shownError(answer.error).message}</Refusal> : null}
      {proposed === null ? (
        <div className="flex flex-wrap items-end gap-x-2">
          <div className="w-72 max-w-full">
            <Field
              label={`Answer to ${request.sandboxName} about ${request.host}`}
              value={note}
              maxLength={2000}
              autoComplete="off"
              onChange={(event) => setNote(event.target.value)}
            />
          </div>
          <ActionBar
            busy={answer.isPending}
            actions={[
              ...GRANTS.map(({ text, seconds, once }) => ({
                name: text,
                refusal,
                onPress: () => answer.mutate({ requestId: request.id, verdict: "allow", seconds, once, note }),
              })),
              {
                name: "Deny",
                look: "danger" as const,
                refusal,
                onPress: () => answer.mutate({ requestId: request.id, verdict: "deny", note }),
              },
            ]}
          />
        </div>
      ) : (
        <p className="text-muted">
          It waits for approval:{" "}
          <TextLink href={paths.change(proposed)} className="underline">
            see who can approve it
          </TextLink>
          .
        </p>
      )}
    </li>
  );
};

/** What agents ask for in their own words; nothing is shown where nobody asks. */
export const RequestsPanel = () => {
  const trpc = useTRPC();
  const query = useQuery(trpc.agentRequest.list.queryOptions({ waiting: true }));
  return (
    <Answer query={query} what="what agents ask for">
      {({ items }) =>
        items.length === 0 ? null : (
          <Panel title="Agents ask" flush className="mb-4">
            <ul>
              {items.map((request) => (
                <Request key={request.id} request={request} />
              ))}
            </ul>
          </Panel>
        )
      }
    </Answer>
  );
};
