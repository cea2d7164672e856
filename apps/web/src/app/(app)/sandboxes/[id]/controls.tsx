"use client";
import type { SandboxView } from "@creel/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { type ReactNode, useState } from "react";
import { shownError } from "../../../../client/errors.ts";
import { useRefusalOf } from "../../../../client/me.tsx";
import { useTRPC } from "../../../../client/trpc.ts";
import { paths } from "../../../../lib/paths.ts";
import { agentName, sandboxCannot } from "../../../../parts/sandbox-facts.ts";
import { Button } from "../../../../ui/button.tsx";
import { ConfirmDialog } from "../../../../ui/dialog.tsx";
import { Refusal } from "../../../../ui/states.tsx";
import { KillControls } from "./kill.tsx";

type Act = "start" | "stop" | "restart" | "remove";

const words: Record<Act, { button: string; touches: (sandbox: SandboxView) => ReactNode; destructive: boolean }> = {
  start: {
    button: "Start",
    touches: (s) =>
      `${agentName(s)} starts on ${s.nodeName} with its present workspace, held by policy ${s.policyName}.`,
    destructive: false,
  },
  stop: {
    button: "Stop",
    touches: (s) =>
      `Every process inside ends and its open connections are cut. The workspace on ${s.nodeName} stays, so it can be started again.`,
    destructive: true,
  },
  restart: {
    button: "Restart",
    touches: (s) => `Every process inside ends and ${agentName(s)} begins its task afresh, with the same workspace.`,
    destructive: true,
  },
  remove: {
    button: "Remove",
    touches: (s) =>
      `Every process inside ends, and the workspace on ${s.nodeName} is deleted for good. Its decisions and audit rows stay.`,
    destructive: true,
  },
};

export const SandboxControls = ({ sandbox }: { sandbox: SandboxView }) => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const router = useRouter();
  const [asked, setAsked] = useState<Act | null>(null);
  const onSuccess = () => {
    setAsked(null);
    void queryClient.invalidateQueries(trpc.sandbox.pathFilter());
  };
  const mutations = {
    start: useMutation(trpc.sandbox.start.mutationOptions({ onSuccess })),
    stop: useMutation(trpc.sandbox.stop.mutationOptions({ onSuccess })),
    restart: useMutation(trpc.sandbox.restart.mutationOptions({ onSuccess })),
    remove: useMutation(trpc.sandbox.remove.mutationOptions({ onSuccess: () => router.push(paths.sandboxes()) })),
  };
  const mayOperate = useRefusalOf("operate", "sandbox");
  const mayDelete = useRefusalOf("delete", "sandbox");
  const reasonFor = (act: Act): string | null =>
    (act === "remove" ? mayDelete : mayOperate) ?? sandboxCannot[act](sandbox);
  const open = (act: Act) => {
    mutations[act].reset();
    setAsked(act);
  };
  const act = asked ?? "start";
  const mutation = mutations[act];
  return (
    <>
      {(["start", "stop", "restart", "remove"] as const).map((name) => (
        <Button
          key={name}
          look={name === "remove" ? "danger" : "plain"}
          disabledReason={reasonFor(name)}
          onClick={() => open(name)}
        >
          {words[name].button}
        </Button>
      ))}
      <KillControls sandbox={sandbox} />
      <ConfirmDialog
        open={asked !== null}
        onOpenChange={(next) => setAsked(next ? act : null)}
        title={`${words[act].button} ${sandbox.name}?`}
        touches={<p>{words[act].touches(sandbox)}</p>}
        confirm={`${words[act].button} ${sandbox.name}`}
        destructive={words[act].destructive}
        busy={mutation.isPending}
        error={mutation.error ? <Refusal>{shownError(mutation.error).message}</Refusal> : null}
        onConfirm={() => mutation.mutate({ sandboxId: sandbox.id })}
      />
    </>
  );
};
