"use client";
import type { SecretDetail } from "@creel/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { shownError } from "../../../../../client/errors.ts";
import { useRefusalOf } from "../../../../../client/me.tsx";
import { useTRPC } from "../../../../../client/trpc.ts";
import { paths } from "../../../../../lib/paths.ts";
import { Button } from "../../../../../ui/button.tsx";
import { ConfirmDialog } from "../../../../../ui/dialog.tsx";
import { Refusal } from "../../../../../ui/states.tsx";

export const RemoveSecret = ({ secret }: { secret: SecretDetail }) => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const router = useRouter();
  const [open, setOpen] = useState(false);
  const refusal = useRefusalOf("delete", "secret");
  const remove = useMutation(
    trpc.secret.remove.mutationOptions({
      onSuccess: async () => {
        router.push(paths.secrets());
        await queryClient.invalidateQueries(trpc.secret.list.pathFilter());
      },
    }),
  );
  const count = secret.users.length;
  return (
    <>
      <Button look="danger" disabledReason={refusal} onClick={() => setOpen(true)}>
        Remove…
      </Button>
      <ConfirmDialog
        open={open}
        onOpenChange={setOpen}
        title={`Remove ${secret.name}?`}
        touches={
          <p>
            Its value is emptied for good.{" "}
            {count === 0
              ? "No sandbox uses it."
              : `${count === 1 ? "One sandbox" : `${count} sandboxes`} can use it no more from now on: their requests go out with the placeholder in its place.`}
          </p>
        }
        confirm={`Remove ${secret.name}`}
        destructive
        busy={remove.isPending}
        error={remove.error ? <Refusal>{shownError(remove.error).message}</Refusal> : null}
        onConfirm={() => remove.mutate({ secretId: secret.id })}
      />
    </>
  );
};
