"use client";
import type { SandboxView } from "@creel/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { shownError } from "../../../../client/errors.ts";
import { useRefusalOf } from "../../../../client/me.tsx";
import { useTRPC } from "../../../../client/trpc.ts";
import { sandboxCannot } from "../../../../parts/sandbox-facts.ts";
import { Badge } from "../../../../ui/badge.tsx";
import { Button } from "../../../../ui/button.tsx";
import { Field } from "../../../../ui/field.tsx";
import { Panel } from "../../../../ui/panel.tsx";
import { Refusal } from "../../../../ui/states.tsx";

/** A command typed into a page is for a quick look; longer work belongs to the agent. */
const TIMEOUT_MS = 30_000;

const Output = ({ name, text }: { name: string; text: string }) =>
  text === "" ? null : (
    <div>
      <p className="text-muted">{name}</p>
      <pre className="max-h-80 overflow-auto rounded bg-sunken p-2 whitespace-pre-wrap [overflow-wrap:anywhere]">
        {text}
      </pre>
    </div>
  );

/** Runs one shell line inside the sandbox, under the same policy as the agent; the audit names who did. */
export const RunCommand = ({ sandbox }: { sandbox: SandboxView }) => {
  const trpc = useTRPC();
  const [line, setLine] = useState("");
  const exec = useMutation(trpc.sandbox.exec.mutationOptions());
  const refusal = useRefusalOf("operate", "sandbox") ?? sandboxCannot.exec(sandbox);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (refusal || exec.isPending || line.trim() === "") return;
    exec.mutate({ sandboxId: sandbox.id, command: ["/bin/sh", "-c", line], timeoutMs: TIMEOUT_MS });
  };
  const result = exec.data;
  return (
    <Panel title="Run a command">
      <form onSubmit={submit} className="flex flex-wrap items-end gap-2">
        <div className="min-w-0 flex-1 basis-60 font-mono">
          <Field
            label="Shell command"
            value={line}
            onChange={(event) => setLine(event.target.value)}
            placeholder="ls -l /sandbox/work"
            autoComplete="off"
            spellCheck={false}
          />
        </div>
        <Button type="submit" busy={exec.isPending} disabledReason={refusal}>
          {exec.isPending ? "Running…" : "Run"}
        </Button>
      </form>
      <div aria-live="polite" className="mt-3 grid gap-2 empty:hidden">
        {exec.error ? <Refusal>{shownError(exec.error).message}</Refusal> : null}
        {result ? (
          <>
            <p>
              <Badge tone={result.exitCode === 0 ? "allow" : "deny"}>
                {result.exitCode === null ? "no exit code" : `exit code ${result.exitCode}`}
              </Badge>{" "}
              {result.error ?? ""} {result.truncated ? "The output was cut." : ""}
            </p>
            <Output name="Output" text={result.stdout} />
            <Output name="Errors" text={result.stderr} />
          </>
        ) : null}
      </div>
    </Panel>
  );
};
