"use client";
import { type ReactNode, useId } from "react";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { Refusal } from "./states.tsx";

/**
 * A dialog that asks for something and does it: Enter in a field is the act, the reason why it cannot be done stands under its button,
 * and a refusal before the fields. What comes of it (a key that is shown once) takes the place of the fields.
 */
export const FormDialog = (props: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  description: ReactNode;
  /** What the button says, which is the act. */
  act: string;
  busy: boolean;
  disabledReason: string | null;
  /** What the server said against it. */
  refusal: string | null;
  onSubmit: () => void;
  children?: ReactNode;
  /** Instead of the fields once it is done. */
  result?: ReactNode;
}) => {
  const id = useId();
  const close = () => props.onOpenChange(false);
  const done = props.result !== undefined && props.result !== null;
  return (
    <Dialog
      open={props.open}
      onOpenChange={props.onOpenChange}
      title={props.title}
      description={props.description}
      footer={
        done ? (
          <Button look="primary" onClick={close}>
            Done
          </Button>
        ) : (
          <>
            <Button onClick={close}>Cancel</Button>
            <Button look="primary" type="submit" form={id} busy={props.busy} disabledReason={props.disabledReason}>
              {props.act}
            </Button>
          </>
        )
      }
    >
      {done ? (
        props.result
      ) : (
        <form
          id={id}
          className="grid gap-3"
          onSubmit={(event) => {
            event.preventDefault();
            // Enter does not do what the button refuses.
            if (!props.busy && props.disabledReason === null) props.onSubmit();
          }}
        >
          {props.refusal === null ? null : <Refusal>{props.refusal}</Refusal>}
          {props.children}
        </form>
      )}
    </Dialog>
  );
};
