"use client";
import { type ReactNode, useState } from "react";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Field, SelectField } from "../ui/field.tsx";

export interface KillAsked {
  reason: string;
  to: "stopped" | "quarantined";
}

const AFTERWARDS = [
  { value: "stopped", text: "Stopped: whoever may operate it can start it again" },
  { value: "quarantined", text: "Quarantined: kept as it is, nothing starts it until it is released" },
] as const;

/** The one confirmation of a kill, of one sandbox or of many: what it touches, what comes after, and why. */
export const KillDialog = (props: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  touches: ReactNode;
  confirm: string;
  /** What has to be typed before it can be confirmed; for what touches a whole organization. */
  typed?: string | undefined;
  to: KillAsked["to"];
  busy: boolean;
  error: ReactNode;
  onConfirm: (asked: KillAsked) => void;
}) => {
  const [reason, setReason] = useState("");
  const [to, setTo] = useState(props.to);
  const [typed, setTyped] = useState("");
  const missing = props.typed !== undefined && typed.trim() !== props.typed ? `Type ${props.typed} first.` : null;
  return (
    <Dialog
      open={props.open}
      onOpenChange={props.onOpenChange}
      title={props.title}
      description={props.touches}
      footer={
        <>
          <Button onClick={() => props.onOpenChange(false)}>Cancel</Button>
          <Button
            look="danger"
            busy={props.busy}
            disabledReason={missing}
            onClick={() => props.onConfirm({ reason, to })}
          >
            {props.busy ? "Killing…" : props.confirm}
          </Button>
        </>
      }
    >
      <div className="grid gap-3">
        <SelectField
          label="Afterwards"
          value={to}
          options={AFTERWARDS}
          onChange={(event) => setTo(event.target.value === "quarantined" ? "quarantined" : "stopped")}
        />
        <Field
          label="Reason"
          hint="Stands in the audit and on the sandbox's page."
          value={reason}
          maxLength={2000}
          autoComplete="off"
          onChange={(event) => setReason(event.target.value)}
        />
        {props.typed === undefined ? null : (
          <Field
            label={`Type ${props.typed} to confirm`}
            value={typed}
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => setTyped(event.target.value)}
          />
        )}
        {props.error}
      </div>
    </Dialog>
  );
};
