"use client";
import type { NodeView } from "@creel/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { shownError } from "../../../../client/errors.ts";
import { useRefusalOf } from "../../../../client/me.tsx";
import { useTRPC } from "../../../../client/trpc.ts";
import { Button } from "../../../../ui/button.tsx";
import { ConfirmDialog } from "../../../../ui/dialog.tsx";
import { Refusal } from "../../../../ui/states.tsx";

export const RevokeNode = ({ node }: { node: NodeView }) => {
  const trpc = useTRPC();
  const [open, setOpen] = useState(false);
  const revoke = useMutation(trpc.node.revoke.mutationOptions({ onSuccess: () => setOpen(false) }));
  const refusal = useRefusalOf("delete", "node");
  const reason = refusal ?? (node.state === "revoked" ? "It is already revoked." : null);
  const count = node.sandboxCount;
  return (
    <>
      <Button look="danger" disabledReason={reason} onClick={() => setOpen(true)}>
        Revoke…
      </Button>
      <ConfirmDialog
        open={open}
        onOpenChange={setOpen}
        title={`Revoke ${node.name}?`}
        touches={
          <p>
            Its certificate stops being accepted at once and it can never connect again under this identity.{" "}
            {count === 0
              ? "It runs no sandbox."
              : `${count === 1 ? "Its sandbox" : `Its ${count} sandboxes`} keep the policy that is in force there, and can no longer be changed from here.`}
          </p>
        }
        confirm={`Revoke ${node.name}`}
        destructive
        busy={revoke.isPending}
        error={revoke.error ? <Refusal>{shownError(revoke.error).message}</Refusal> : null}
        onConfirm={() => revoke.mutate({ nodeId: node.id })}
      />
    </>
  );
};
