"use client";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { shownError } from "../client/errors.ts";
import { useTRPC } from "../client/trpc.ts";
import { Button } from "../ui/button.tsx";
import { TextLink } from "../ui/link.tsx";
import { Refusal } from "../ui/states.tsx";
import { Time } from "../ui/time.tsx";

/** What this person was told and has not seen: above every page until they say so, whatever channels they have. */
export const Told = () => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const query = useQuery(trpc.notice.listUnseen.queryOptions({}));
  const see = useMutation(
    trpc.notice.markSeen.mutationOptions({
      onSettled: () => queryClient.invalidateQueries(trpc.notice.pathFilter()),
    }),
  );
  const items = query.data?.items ?? [];
  const more = (query.data?.count ?? 0) - items.length;
  if (items.length === 0) return null;
  return (
    <section aria-label="For you" className="mb-4 rounded border border-would/40 bg-would-soft px-3 py-2 text-would">
      <ul className="grid gap-2">
        {items.map((item) => (
          <li key={item.id} className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1">
            <div className="min-w-0 [overflow-wrap:anywhere]">
              <TextLink href={item.path} className="font-medium underline">
                {item.title}
              </TextLink>{" "}
              <Time at={item.at} />
              <p>{item.text}</p>
            </div>
            <Button
              busy={see.isPending}
              aria-label={`I have seen: ${item.title}`}
              onClick={() => see.mutate({ noticeIds: [item.id] })}
            >
              Seen
            </Button>
          </li>
        ))}
      </ul>
      {more > 0 ? <p className="mt-2">{more} more after these.</p> : null}
      {see.error ? <Refusal>{shownError(see.error).message}</Refusal> : null}
    </section>
  );
};
