"use client";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { shownError } from "../../../client/errors.ts";
import { useRefusalOf } from "../../../client/me.tsx";
import { useTRPC } from "../../../client/trpc.ts";
import { Button } from "../../../ui/button.tsx";
import { CopyText } from "../../../ui/copy.tsx";
import { Dialog } from "../../../ui/dialog.tsx";
import { Field } from "../../../ui/field.tsx";
import { Refusal } from "../../../ui/states.tsx";
import { Time } from "../../../ui/time.tsx";

export const EnrollNode = () => {
  const trpc = useTRPC();
  const [open, setOpen] = useState(false);
  const [nodeName, setNodeName] = useState("");
  const create = useMutation(trpc.node.createEnrollSecret.mutationOptions());
  const refusal = useRefusalOf("create", "enroll_secret");
  const change = (next: boolean) => {
    setOpen(next);
    // The secret is shown once; a dialog opened again starts without it.
    create.reset();
    setNodeName("");
  };
  return (
    <>
      <Button look="primary" disabledReason={refusal} onClick={() => change(true)}>
        Enroll a node
      </Button>
      <Dialog
        open={open}
        onOpenChange={change}
        title="Enroll a node"
        description="Makes a join address that works once. The node makes its own key; the address only proves that you let it in."
        footer={
          create.data ? (
            <Button look="primary" onClick={() => change(false)}>
              Done
            </Button>
          ) : (
            <>
              <Button onClick={() => change(false)}>Cancel</Button>
              <Button
                look="primary"
                busy={create.isPending}
                onClick={() => create.mutate(nodeName.trim() === "" ? {} : { nodeName: nodeName.trim() })}
              >
                Make a join address
              </Button>
            </>
          )
        }
      >
        {create.data ? (
          <div className="grid gap-2">
            <p>
              On the host, run <code>creel node enroll -</code>, paste this address and press Ctrl-D; then{" "}
              <code>creel node start</code>. It works once and ends <Time at={create.data.expiresAt} exact />. It is not
              shown again.
            </p>
            <CopyText label="Join address" text={create.data.uri} />
          </div>
        ) : (
          <div className="grid gap-2">
            {create.error ? <Refusal>{shownError(create.error).message}</Refusal> : null}
            <Field
              label="Name of the node"
              value={nodeName}
              onChange={(event) => setNodeName(event.target.value)}
              hint="Optional. When given, only a node of this name can use the address."
              placeholder="build-01"
              autoComplete="off"
            />
          </div>
        )}
      </Dialog>
    </>
  );
};
