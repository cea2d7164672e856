"use client";
import type { ChangeDetail } from "@creel/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { shownError } from "../../../../client/errors.ts";
import { useTRPC } from "../../../../client/trpc.ts";
import { Button } from "../../../../ui/button.tsx";
import { Refusal } from "../../../../ui/states.tsx";
import { Time } from "../../../../ui/time.tsx";

/** When those who could give what is missing were told last, and telling them now. */
export const Remind = ({ change }: { change: ChangeDetail }) => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const remind = useMutation(
    trpc.change.remind.mutationOptions({
      onSettled: () => queryClient.invalidateQueries(trpc.change.pathFilter()),
    }),
  );
  return (
    <div className="mt-3 grid gap-2">
      <p className="text-muted">
        {change.remindedAt === null ? (
          "Nobody was reminded yet."
        ) : (
          <>
            Reminded <Time at={change.remindedAt} />.
          </>
        )}
        {change.remindAt === null ? null : (
          <>
            {" "}
            Next by itself <Time at={change.remindAt} />.
          </>
        )}
      </p>
      <div>
        <Button
          busy={remind.isPending}
          disabledReason={change.refusals.remind}
          onClick={() => remind.mutate({ changeId: change.id })}
        >
          Remind them now
        </Button>
      </div>
      {remind.error ? <Refusal>{shownError(remind.error).message}</Refusal> : null}
    </div>
  );
};
