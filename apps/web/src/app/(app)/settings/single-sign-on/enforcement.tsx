"use client";
import type { MemberView, SingleSignOnView } from "@creel/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { shownError } from "../../../../client/errors.ts";
import { useTRPC } from "../../../../client/trpc.ts";
import { Button } from "../../../../ui/button.tsx";
import { SelectField } from "../../../../ui/field.tsx";
import { Panel } from "../../../../ui/panel.tsx";
import { Answer } from "../../../../ui/query.tsx";
import { Refusal } from "../../../../ui/states.tsx";

/** What still stands in the way, from the first step on. */
const missing = ({ provider, domains }: SingleSignOnView): string | null => {
  if (provider === null) return "Save a provider first.";
  if (provider.provenAt === null) return "Sign in through the provider once first.";
  return domains.some(({ verifiedAt }) => verifiedAt !== null) ? null : "Verify a domain first.";
};

/** As the server asks: for good, or nobody would be left when it ends. */
const isOwner = ({ grants }: MemberView): boolean =>
  grants.some(({ role, scope, expiresAt }) => role === "owner" && scope === null && expiresAt === null);

/** Whether the provider is the only way in, and the one owner who keeps another. */
export const Enforcement = ({ view, disabledReason }: { view: SingleSignOnView; disabledReason: string | null }) => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [userId, setUserId] = useState(view.provider?.breakGlass?.userId ?? "");
  const members = useQuery(trpc.member.list.queryOptions({}));
  const enforce = useMutation(
    trpc.sso.enforce.mutationOptions({ onSuccess: () => void queryClient.invalidateQueries(trpc.sso.pathFilter()) }),
  );
  const on = view.provider?.enforced === true;
  return (
    <Panel title="The only way in">
      <div className="grid max-w-xl gap-3">
        {enforce.error ? <Refusal>{shownError(enforce.error).message}</Refusal> : null}
        {on ? (
          <p>
            People of the verified domains sign in through {view.provider?.name} alone. The break-glass owner is{" "}
            {view.provider?.breakGlass?.email}: password and code, and each use is on record.
          </p>
        ) : (
          <p>
            Once enforced, passwords of the verified domains’ people open this organization no more, and whoever came in
            by one is signed out. One owner with an authenticator keeps a way in for the day the provider fails.
          </p>
        )}
        {on ? null : (
          <Answer query={members} what="the owners">
            {({ items }) => (
              <SelectField
                label="Break-glass owner"
                options={[
                  { value: "", text: "Choose an owner" },
                  ...items.filter(isOwner).map((one) => ({ value: one.userId, text: one.email })),
                ]}
                value={userId}
                onChange={(event) => setUserId(event.target.value)}
              />
            )}
          </Answer>
        )}
        <div>
          {on ? (
            <Button
              busy={enforce.isPending}
              disabledReason={disabledReason}
              onClick={() => enforce.mutate({ enforced: false })}
            >
              Stop enforcing
            </Button>
          ) : (
            <Button
              look="primary"
              busy={enforce.isPending}
              disabledReason={missing(view) ?? (userId === "" ? "Choose the break-glass owner." : disabledReason)}
              onClick={() => enforce.mutate({ enforced: true, breakGlassUserId: userId })}
            >
              Enforce single sign-on
            </Button>
          )}
        </div>
      </div>
    </Panel>
  );
};
