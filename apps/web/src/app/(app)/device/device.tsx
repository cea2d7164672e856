"use client";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { shownError } from "../../../client/errors.ts";
import { useTRPC } from "../../../client/trpc.ts";
import { Button } from "../../../ui/button.tsx";
import { Field } from "../../../ui/field.tsx";
import { PageHeader, Panel } from "../../../ui/panel.tsx";
import { Refusal } from "../../../ui/states.tsx";
import { ConfirmDevice } from "./confirm-device.tsx";

/**
 * Confirms a command line. Threat: somebody begins a login of their own and sends the code to a person in here, who confirms it.
 * Invariant: a code is typed and stands in no link, and the page says whose program it signs in before it does.
 */
export const Device = () => {
  const trpc = useTRPC();
  const [code, setCode] = useState("");
  const [done, setDone] = useState<string | null>(null);
  const look = useMutation(trpc.device.look.mutationOptions({}));
  const finish = (said: string) => {
    setDone(said);
    setCode("");
    look.reset();
  };
  return (
    <div className="max-w-2xl">
      <PageHeader
        title="Sign in a command line"
        lead={
          <>
            Type the code that <code>creel login</code> shows in your own terminal. Nobody of Creel ever asks you for
            one.
          </>
        }
      />
      <p role="status" className={done === null ? "sr-only" : "mb-4"}>
        {done}
      </p>
      {look.data ? (
        <ConfirmDevice code={code} login={look.data} onDone={finish} />
      ) : (
        <Panel title="Code">
          <form
            className="grid max-w-xs gap-3"
            onSubmit={(event) => {
              event.preventDefault();
              setDone(null);
              if (code.trim() !== "" && !look.isPending) look.mutate({ userCode: code });
            }}
          >
            {look.error ? <Refusal>{shownError(look.error).message}</Refusal> : null}
            <Field
              label="Code"
              value={code}
              onChange={(event) => setCode(event.target.value.toUpperCase())}
              autoComplete="off"
              autoCapitalize="characters"
              spellCheck={false}
              autoFocus
              maxLength={32}
              placeholder="BCDF-GHJK"
            />
            <div>
              <Button
                type="submit"
                look="primary"
                busy={look.isPending}
                disabledReason={code.trim() === "" ? "Type the code first." : null}
              >
                Look it up
              </Button>
            </div>
          </form>
        </Panel>
      )}
    </div>
  );
};
