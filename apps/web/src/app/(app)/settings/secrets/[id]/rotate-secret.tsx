"use client";
import type { SecretDetail } from "@creel/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { shownError } from "../../../../../client/errors.ts";
import { useRefusalOf } from "../../../../../client/me.tsx";
import { useTRPC } from "../../../../../client/trpc.ts";
import { Button } from "../../../../../ui/button.tsx";
import { Dialog } from "../../../../../ui/dialog.tsx";
import { SelectField } from "../../../../../ui/field.tsx";
import { Refusal } from "../../../../../ui/states.tsx";
import { ValueField } from "../value-field.tsx";

const overlaps = [
  { value: "60", text: "An hour" },
  { value: "1440", text: "A day" },
  { value: "10080", text: "A week" },
  { value: "0", text: "Not at all: empty it now" },
];

export const RotateSecret = ({ secret }: { secret: SecretDetail }) => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [open, setOpen] = useState(false);
  const [value, setValue] = useState("");
  const [overlap, setOverlap] = useState("60");
  const refusal = useRefusalOf("update", "secret");
  const rotate = useMutation({
    ...trpc.secret.rotate.mutationOptions({
      onSuccess: async () => {
        await queryClient.invalidateQueries(trpc.secret.pathFilter());
        change(false);
      },
    }),
    // The library keeps what a mutation was given; a value is not for keeping.
    gcTime: 0,
  });
  const change = (next: boolean) => {
    setOpen(next);
    rotate.reset();
    setValue("");
  };
  return (
    <>
      <Button look="primary" disabledReason={refusal} onClick={() => change(true)}>
        Rotate…
      </Button>
      <Dialog
        open={open}
        onOpenChange={change}
        title={`Rotate ${secret.name}`}
        description="The new value is used at once by every sandbox that may use it, without a restart."
        footer={
          <>
            <Button onClick={() => change(false)}>Cancel</Button>
            <Button
              look="primary"
              busy={rotate.isPending}
              disabledReason={value === "" ? "Give it a value." : null}
              onClick={() => rotate.mutate({ secretId: secret.id, value, overlapMinutes: Number(overlap) })}
            >
              Rotate {secret.name}
            </Button>
          </>
        }
      >
        <div className="grid gap-3">
          {rotate.error ? <Refusal>{shownError(rotate.error).message}</Refusal> : null}
          <ValueField value={value} onChange={setValue} />
          <SelectField
            label="The value before is still taken out of answers for"
            value={overlap}
            onChange={(event) => setOverlap(event.target.value)}
            options={overlaps}
          />
        </div>
      </Dialog>
    </>
  );
};
