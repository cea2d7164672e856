"use client";
import type { TokenView } from "@creel/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { shownError } from "../../../../client/errors.ts";
import { useTRPC } from "../../../../client/trpc.ts";
import { ShownOnce } from "../../../../parts/shown-once.tsx";
import { FormDialog } from "../../../../ui/form-dialog.tsx";

/** A new key in the place of one; the old one works for another hour, so that nothing stops meanwhile. */
export const RotateToken = ({ token, onClose }: { token: TokenView; onClose: () => void }) => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const rotate = useMutation(
    trpc.token.rotate.mutationOptions({ onSuccess: () => queryClient.invalidateQueries(trpc.token.pathFilter()) }),
  );
  return (
    <FormDialog
      open
      onOpenChange={(open) => (open ? undefined : onClose())}
      title={`Rotate ${token.name}`}
      description="A new token with the same owner, bounds and end. The old one works for another hour."
      act="Make the new token"
      busy={rotate.isPending}
      disabledReason={null}
      refusal={rotate.error ? shownError(rotate.error).message : null}
      onSubmit={() => rotate.mutate({ tokenId: token.id })}
      result={rotate.data ? <ShownOnce first="Copy it now." label="API token" text={rotate.data.token} /> : null}
    />
  );
};
