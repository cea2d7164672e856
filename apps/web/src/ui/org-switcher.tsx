"use client";
import { useQuery } from "@tanstack/react-query";
import { signIn } from "next-auth/react";
import { DropdownMenu as Menu } from "radix-ui";
import { useState } from "react";
import { useMe } from "../client/me.tsx";
import { useTRPC } from "../client/trpc.ts";
import { paths } from "../lib/paths.ts";
import { NewOrg } from "../parts/new-org.tsx";

/** @returns whether it began; the page is left then. */
const enter = async (orgId: string): Promise<boolean> => {
  const answer = await signIn("switch", { redirect: false, orgId }).catch(() => undefined);
  if (!answer?.ok || answer.error) return false;
  // A full load: nothing of the other organization may remain in this tab's memory.
  location.assign(paths.overview());
  return true;
};

const itemClass =
  "flex cursor-pointer items-center gap-2 rounded px-2 py-1.5 outline-none data-[highlighted]:bg-accent-soft data-[disabled]:cursor-not-allowed data-[disabled]:text-muted";

/** The organization one is in; a menu where there are others, or where one may found another. A sign-in holds in one at a time. */
export const OrgSwitcher = () => {
  const me = useMe();
  const trpc = useTRPC();
  const [failed, setFailed] = useState(false);
  const [founding, setFounding] = useState(false);
  const { data } = useQuery(trpc.auth.listOrgs.queryOptions({}));
  const orgs = data?.items ?? [];
  const refusal = data?.foundingRefusal ?? null;
  if (data === undefined || (orgs.length < 2 && refusal !== null))
    return (
      <span className="max-w-40 truncate" title={me.org.name}>
        <span className="sr-only">Organization: </span>
        {me.org.name}
      </span>
    );
  const change = async (orgId: string) => {
    if (orgId !== me.org.id) setFailed(!(await enter(orgId)));
  };
  return (
    <span className="inline-flex items-baseline">
      <Menu.Root>
        <Menu.Trigger className="inline-flex max-w-44 items-baseline gap-1 rounded border border-line-strong/60 bg-panel px-1.5 py-0.5 hover:bg-sunken">
          <span className="sr-only">Organization: </span>
          <span className="truncate" title={me.org.name}>
            {me.org.name}
          </span>
          <span aria-hidden className="text-muted">
            ▾
          </span>
        </Menu.Trigger>
        <Menu.Portal>
          <Menu.Content
            align="start"
            sideOffset={4}
            aria-label="Organization"
            className="z-40 max-h-[70dvh] max-w-80 min-w-52 overflow-y-auto rounded-md border border-line bg-panel p-1 shadow-[var(--shadow)]"
          >
            <Menu.RadioGroup value={me.org.id} onValueChange={(orgId) => void change(orgId)}>
              {orgs.map(({ id, name, slug }) => (
                <Menu.RadioItem key={id} value={id} className={itemClass}>
                  <span aria-hidden className="w-3 text-accent">
                    {id === me.org.id ? "✓" : ""}
                  </span>
                  <span className="min-w-0">
                    <span className="block truncate">{name}</span>
                    {/* Two may have one name; their short names differ. */}
                    <span className="block truncate text-[0.86rem] text-muted">{slug}</span>
                  </span>
                </Menu.RadioItem>
              ))}
            </Menu.RadioGroup>
            <Menu.Separator className="my-1 h-px bg-line" />
            <Menu.Item disabled={refusal !== null} onSelect={() => setFounding(true)} className={itemClass}>
              <span aria-hidden className="w-3">
                +
              </span>
              <span className="min-w-0">
                New organization…
                {refusal ? <span className="block text-[0.86rem]">{refusal}</span> : null}
              </span>
            </Menu.Item>
          </Menu.Content>
        </Menu.Portal>
      </Menu.Root>
      <NewOrg open={founding} onOpenChange={setFounding} enter={enter} />
      {failed ? (
        <span role="alert" className="ml-2 text-deny">
          Switching failed. Try again.
        </span>
      ) : null}
    </span>
  );
};
