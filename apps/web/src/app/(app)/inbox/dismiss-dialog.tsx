"use client";
import { useState } from "react";
import { Button } from "../../../ui/button.tsx";
import { Dialog } from "../../../ui/dialog.tsx";
import { Field } from "../../../ui/field.tsx";

/** Asks why, once for all that is chosen. */
export const DismissDialog = (props: {
  count: number;
  busy: boolean;
  /** Why no deny rule can be proposed for it; null where one can. */
  ruleRefusal: string | null;
  onRule: (reason: string) => void;
  onClose: () => void;
  onDismiss: (reason: string) => void;
}) => {
  const [reason, setReason] = useState("");
  const send = () => {
    if (reason.trim() !== "") props.onDismiss(reason);
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => (open ? undefined : props.onClose())}
      title={props.count === 1 ? "Deny this for good" : `Deny these ${props.count} for good`}
      description="It stays denied, as it is now, and is not shown here again until somebody restores it. To deny it whatever else the policy allows, propose a deny rule: the policy then names it, with this reason."
      footer={
        <>
          <Button onClick={props.onClose}>Cancel</Button>
          <Button
            disabledReason={props.ruleRefusal ?? (reason.trim() === "" ? "Say why." : null)}
            onClick={() => props.onRule(reason.trim())}
          >
            Propose a deny rule
          </Button>
          <Button
            look="danger"
            busy={props.busy}
            disabledReason={reason.trim() === "" ? "Say why." : null}
            onClick={send}
          >
            Deny for good
          </Button>
        </>
      }
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        <Field
          label="Why"
          value={reason}
          onChange={(event) => setReason(event.target.value)}
          maxLength={2000}
          autoComplete="off"
          placeholder="telemetry that nobody needs"
        />
      </form>
    </Dialog>
  );
};
