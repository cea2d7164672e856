"use client";
import type { ResourceKind } from "@creel/core";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { useId } from "react";
import { mayDo, useMe } from "../../../client/me.tsx";
import { paths } from "../../../lib/paths.ts";

interface Entry {
  text: string;
  href: string;
  needs?: ResourceKind;
}

const yours: readonly Entry[] = [
  { text: "Sessions", href: paths.sessions() },
  { text: "Second factor", href: paths.secondFactor() },
  { text: "API tokens", href: paths.tokens() },
  { text: "Notices", href: paths.notices() },
  { text: "Delegations", href: paths.delegations(), needs: "approval_policy" },
];
const everybodys: readonly Entry[] = [
  { text: "Members", href: paths.members(), needs: "member" },
  { text: "Teams", href: paths.teams(), needs: "team" },
  { text: "Roles", href: paths.roles(), needs: "role" },
  { text: "Grants", href: paths.grants(), needs: "grant" },
  { text: "Access", href: paths.access(), needs: "grant" },
  { text: "Service accounts", href: paths.serviceAccounts(), needs: "service_account" },
  { text: "Secrets", href: paths.secrets(), needs: "secret" },
  { text: "Single sign-on", href: paths.singleSignOn(), needs: "identity_provider" },
];

/** What is one's own first, then what everybody shares; the entry of the page one is on, or is below, is marked. */
export const SettingsNav = () => {
  const me = useMe();
  const shown = (entries: readonly Entry[]) => entries.filter(({ needs }) => !needs || mayDo(me, "read", needs));
  return (
    <nav aria-label="Settings" className="mb-4 grid gap-x-8 gap-y-2 border-b border-line pb-3">
      <Group title="You" entries={shown(yours)} />
      <Group title="Organization" entries={shown(everybodys)} />
    </nav>
  );
};

const Group = ({ title, entries }: { title: string; entries: readonly Entry[] }) => {
  const pathname = usePathname();
  const id = useId();
  if (entries.length === 0) return null;
  return (
    <div className="grid gap-x-4 gap-y-0.5 sm:grid-cols-[7rem_minmax(0,1fr)]">
      <span id={id} className="font-medium">
        {title}
      </span>
      <ul aria-labelledby={id} className="flex flex-wrap gap-x-4 gap-y-1">
        {entries.map(({ text, href }) => (
          <li key={href}>
            <Link
              href={href}
              aria-current={pathname === href ? "page" : pathname.startsWith(`${href}/`) ? "true" : undefined}
              className="text-muted underline-offset-4 aria-[current]:font-semibold aria-[current]:text-text aria-[current]:underline"
            >
              {text}
            </Link>
          </li>
        ))}
      </ul>
    </div>
  );
};
