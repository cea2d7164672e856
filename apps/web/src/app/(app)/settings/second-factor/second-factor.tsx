"use client";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { shownError } from "../../../../client/errors.ts";
import { useTRPC } from "../../../../client/trpc.ts";
import { Button } from "../../../../ui/button.tsx";
import { CopyText } from "../../../../ui/copy.tsx";
import { Field } from "../../../../ui/field.tsx";
import { Facts, PageHeader, Panel } from "../../../../ui/panel.tsx";
import { QrCode } from "../../../../ui/qr-code.tsx";
import { Answer } from "../../../../ui/query.tsx";
import { Refusal } from "../../../../ui/states.tsx";
import { Time } from "../../../../ui/time.tsx";
import { Prove } from "./prove.tsx";

export const SecondFactor = () => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const query = useQuery(trpc.auth.listFactors.queryOptions({}));
  const [code, setCode] = useState("");
  const [codes, setCodes] = useState<string[]>([]);
  const renewed = () => queryClient.invalidateQueries(trpc.auth.pathFilter());
  const begin = useMutation(trpc.auth.beginTotp.mutationOptions({}));
  const shown = ({ recoveryCodes }: { recoveryCodes: string[] }) => {
    setCodes(recoveryCodes);
    setCode("");
    begin.reset();
    void renewed();
  };
  const confirm = useMutation(trpc.auth.confirmTotp.mutationOptions({ onSuccess: shown }));
  const again = useMutation(trpc.auth.newRecoveryCodes.mutationOptions({ onSuccess: shown }));
  const remove = useMutation(trpc.auth.removeTotp.mutationOptions({ onSuccess: renewed }));
  const problem = begin.error ?? confirm.error ?? again.error ?? remove.error;
  return (
    <>
      <PageHeader
        title="Second factor"
        lead="A code of an authenticator app, asked for besides your password at every sign-in."
      />
      <Answer query={query} what="your second factor">
        {({ totpSince, recoveryCodesLeft, provedUntil }) => {
          const unproved = provedUntil === null ? "Prove first that it is you." : null;
          return (
            <div className="grid grid-cols-1 gap-4">
              {provedUntil === null ? <Prove asksCode={totpSince !== null} onProved={renewed} /> : null}
              {problem ? <Refusal>{shownError(problem).message}</Refusal> : null}
              <Panel title="Authenticator">
                <div className="grid gap-3">
                  <Facts
                    items={[
                      { term: "In use since", value: <Time at={totpSince} exact /> },
                      { term: "Recovery codes left", value: recoveryCodesLeft },
                    ]}
                  />
                  <div className="flex flex-wrap items-start gap-2">
                    <Button
                      look="primary"
                      disabledReason={unproved}
                      busy={begin.isPending}
                      onClick={() => begin.mutate({})}
                    >
                      {totpSince === null ? "Set up" : "Set up another"}
                    </Button>
                    {totpSince === null ? null : (
                      <>
                        <Button disabledReason={unproved} busy={again.isPending} onClick={() => again.mutate({})}>
                          New recovery codes
                        </Button>
                        <Button
                          look="danger"
                          disabledReason={unproved}
                          busy={remove.isPending}
                          onClick={() => remove.mutate({})}
                        >
                          Use no codes any more
                        </Button>
                      </>
                    )}
                  </div>
                </div>
              </Panel>
              {begin.data ? (
                <Panel title="Show your app this picture, or type the secret, then type the code it shows">
                  <div className="grid max-w-xl gap-3">
                    <QrCode text={begin.data.uri} label="Picture of the secret, for the camera of your app" />
                    <CopyText label="Secret for the authenticator" text={begin.data.secret} />
                    <p>
                      On the phone itself{" "}
                      <a className="text-accent underline" href={begin.data.uri}>
                        this link
                      </a>{" "}
                      opens the app.
                    </p>
                    <Field
                      label="Code"
                      value={code}
                      onChange={(event) => setCode(event.target.value)}
                      inputMode="numeric"
                      autoComplete="one-time-code"
                      maxLength={16}
                    />
                    <div>
                      <Button
                        look="primary"
                        busy={confirm.isPending}
                        disabledReason={code.trim() === "" ? "Type the code first." : null}
                        onClick={() => confirm.mutate({ code: code.trim() })}
                      >
                        Confirm
                      </Button>
                    </div>
                  </div>
                </Panel>
              ) : null}
              {codes.length > 0 ? (
                <Panel title="Recovery codes">
                  <p className="mb-2">
                    Each works once in the place of a code. Keep them apart from your phone: they are not shown again.
                  </p>
                  <CopyText label="Recovery codes" text={codes.join("\n")} />
                </Panel>
              ) : null}
            </div>
          );
        }}
      </Answer>
    </>
  );
};
