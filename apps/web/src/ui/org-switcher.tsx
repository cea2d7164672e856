"use client";
import { useQuery } from "@tanstack/react-query";
import { signIn } from "next-auth/react";
import { useState } from "react";
import { useMe } from "../client/me.tsx";
import { useTRPC } from "../client/trpc.ts";
import { paths } from "../lib/paths.ts";

/** The organization one is in; a choice where one belongs to several. A sign-in holds in one of them at a time. */
export const OrgSwitcher = () => {
  const me = useMe();
  const trpc = useTRPC();
  const [failed, setFailed] = useState(false);
  const { data } = useQuery(trpc.auth.listOrgs.queryOptions({}));
  const others = (data?.items ?? []).filter(({ current }) => !current);
  if (others.length === 0)
    return (
      <span className="max-w-40 truncate" title={me.org.name}>
        <span className="sr-only">Organization: </span>
        {me.org.name}
      </span>
    );
  const change = async (orgId: string) => {
    const answer = await signIn("switch", { redirect: false, orgId }).catch(() => undefined);
    // A full load: nothing of the other organization may remain in this tab's memory.
    if (answer?.ok && !answer.error) location.assign(paths.overview());
    else setFailed(true);
  };
  return (
    <span>
      <select
        aria-label="Organization"
        className="max-w-44 rounded border border-line-strong/60 bg-panel px-1 py-0.5"
        value={me.org.id}
        onChange={(event) => void change(event.target.value)}
      >
        <option value={me.org.id}>{me.org.name}</option>
        {others.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
      {failed ? (
        <span role="alert" className="ml-2 text-deny">
          Switching failed. Try again.
        </span>
      ) : null}
    </span>
  );
};
