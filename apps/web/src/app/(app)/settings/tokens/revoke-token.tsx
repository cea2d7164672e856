"use client";
import type { TokenView } from "@creel/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { shownError } from "../../../../client/errors.ts";
import { useTRPC } from "../../../../client/trpc.ts";
import { ConfirmDialog } from "../../../../ui/dialog.tsx";
import { Refusal } from "../../../../ui/states.tsx";

const tokens = (count: number): string => (count === 1 ? "1 other token" : `${count} other tokens`);

/** Ends a token with all that came of it; those that it made are spared only when somebody says so. */
export const RevokeToken = ({ token, onClose }: { token: TokenView; onClose: () => void }) => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [keep, setKeep] = useState(false);
  const revoke = useMutation(
    trpc.token.revoke.mutationOptions({
      onSuccess: () => {
        onClose();
        void queryClient.invalidateQueries(trpc.token.pathFilter());
      },
    }),
  );
  const { rotated, made } = token.endsWithIt;
  return (
    <ConfirmDialog
      open
      onOpenChange={(open) => (open ? undefined : onClose())}
      title={`Revoke ${token.name}?`}
      touches={
        <>
          <p>Whatever uses it stops working at once. It cannot be brought back; a new one can be made.</p>
          {rotated === 0 ? null : <p>With it ends what was rotated from it or to it: {tokens(rotated)}.</p>}
          {made === 0 ? null : (
            <>
              <p>It made others, and those may have made more: {tokens(made)} that still work. They end with it.</p>
              <label className="mt-2 flex items-start gap-2">
                <input
                  type="checkbox"
                  checked={keep}
                  onChange={({ currentTarget }) => setKeep(currentTarget.checked)}
                  className="mt-1"
                />
                Keep what it made: nobody else had it in hand
              </label>
            </>
          )}
        </>
      }
      confirm={`Revoke ${token.name}`}
      destructive
      busy={revoke.isPending}
      error={revoke.error ? <Refusal>{shownError(revoke.error).message}</Refusal> : null}
      onConfirm={() => revoke.mutate({ tokenId: token.id, made: keep ? "keep" : "end" })}
    />
  );
};
