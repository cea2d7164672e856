"use client";
import type { TokenView } from "@creel/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { shownError } from "../../../../client/errors.ts";
import { useTRPC } from "../../../../client/trpc.ts";
import { Button } from "../../../../ui/button.tsx";
import { CopyText } from "../../../../ui/copy.tsx";
import { Dialog } from "../../../../ui/dialog.tsx";
import { Refusal } from "../../../../ui/states.tsx";

/** A new key in the place of one; the old one works for another hour, so that nothing stops meanwhile. */
export const RotateToken = ({ token, onClose }: { token: TokenView; onClose: () => void }) => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const rotate = useMutation(
    trpc.token.rotate.mutationOptions({ onSuccess: () => queryClient.invalidateQueries(trpc.token.pathFilter()) }),
  );
  return (
    <Dialog
      open
      onOpenChange={(open) => (open ? undefined : onClose())}
      title={`Rotate ${token.name}`}
      description="A new token with the same owner, bounds and end. The old one works for another hour."
      footer={
        rotate.data ? (
          <Button look="primary" onClick={onClose}>
            Done
          </Button>
        ) : (
          <>
            <Button onClick={onClose}>Cancel</Button>
            <Button look="primary" busy={rotate.isPending} onClick={() => rotate.mutate({ tokenId: token.id })}>
              Make the new token
            </Button>
          </>
        )
      }
    >
      {rotate.error ? <Refusal>{shownError(rotate.error).message}</Refusal> : null}
      {rotate.data ? (
        <div className="grid gap-2">
          <p>Copy it now. It is not kept in clear and cannot be shown again.</p>
          <CopyText label="API token" text={rotate.data.token} />
        </div>
      ) : null}
    </Dialog>
  );
};
