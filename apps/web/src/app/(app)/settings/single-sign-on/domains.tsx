"use client";
import type { IdentityDomainView } from "@creel/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { shownError } from "../../../../client/errors.ts";
import { useTRPC } from "../../../../client/trpc.ts";
import { Badge } from "../../../../ui/badge.tsx";
import { Button } from "../../../../ui/button.tsx";
import { CopyText } from "../../../../ui/copy.tsx";
import { Field } from "../../../../ui/field.tsx";
import { Mono, Panel } from "../../../../ui/panel.tsx";
import { Empty, Refusal } from "../../../../ui/states.tsx";
import { Time } from "../../../../ui/time.tsx";

const answerOfDns = ({ domain, verifiedAt }: IdentityDomainView): string =>
  verifiedAt === null
    ? `DNS does not have the record of ${domain} yet. A new one is seen within minutes, sometimes hours.`
    : `DNS has the record of ${domain}.`;

/** Domains whose people the provider may sign in, once their DNS says whose they are. */
export const Domains = (props: {
  domains: readonly IdentityDomainView[];
  /** Why this person may not now; each step asks who they are. */
  unproved: string | null;
}) => {
  const { domains } = props;
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [domain, setDomain] = useState("");
  const renewed = () => void queryClient.invalidateQueries(trpc.sso.pathFilter());
  const add = useMutation(
    trpc.sso.addDomain.mutationOptions({
      onSuccess: () => {
        setDomain("");
        renewed();
      },
    }),
  );
  const verify = useMutation(trpc.sso.verifyDomain.mutationOptions({ onSuccess: renewed }));
  const remove = useMutation(trpc.sso.removeDomain.mutationOptions({ onSuccess: renewed }));
  const error = add.error ?? verify.error ?? remove.error;
  return (
    <Panel title="Domains">
      <div className="grid gap-3">
        {error ? <Refusal>{shownError(error).message}</Refusal> : null}
        <p role="status" className="text-muted empty:hidden">
          {verify.data ? answerOfDns(verify.data) : ""}
        </p>
        {domains.length === 0 ? (
          <Empty title="No domain yet">
            Name the domain of your people’s addresses, then prove in its DNS that it is yours.
          </Empty>
        ) : null}
        {domains.map((one) => (
          <section key={one.id} aria-label={one.domain} className="grid gap-2 border-b border-line pb-3">
            <div className="flex flex-wrap items-center gap-2">
              <Mono>{one.domain}</Mono>
              <Badge tone={one.verifiedAt === null ? "wait" : "allow"}>
                {one.verifiedAt === null ? "not verified" : "verified"}
              </Badge>
              <span className="text-muted">
                {one.checkedAt === null ? "Never asked." : "Asked "}
                {one.checkedAt === null ? null : <Time at={one.checkedAt} />}
              </span>
            </div>
            {one.verifiedAt === null ? (
              <>
                <p>
                  Add a TXT record named <Mono>{one.record.name}</Mono> that holds:
                </p>
                <CopyText text={one.record.value} label={`TXT record of ${one.domain}`} />
              </>
            ) : null}
            <div className="flex flex-wrap gap-2">
              <Button
                disabledReason={props.unproved}
                busy={verify.isPending}
                onClick={() => verify.mutate({ domainId: one.id })}
              >
                Ask DNS for {one.domain}
              </Button>
              <Button
                disabledReason={props.unproved}
                busy={remove.isPending}
                onClick={() => remove.mutate({ domainId: one.id })}
              >
                Remove {one.domain}
              </Button>
            </div>
          </section>
        ))}
        <form
          className="grid max-w-xl gap-2"
          onSubmit={(event) => {
            event.preventDefault();
            add.mutate({ domain });
          }}
        >
          <Field
            label="Domain"
            value={domain}
            onChange={(event) => setDomain(event.target.value)}
            placeholder="example.com"
            maxLength={253}
            autoComplete="off"
          />
          <div>
            <Button
              type="submit"
              busy={add.isPending}
              disabledReason={props.unproved ?? (domain === "" ? "Name a domain." : null)}
            >
              Add domain
            </Button>
          </div>
        </form>
      </div>
    </Panel>
  );
};
