"use client";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { mayDo, useMe } from "../../../client/me.tsx";
import { paths } from "../../../lib/paths.ts";

export const SettingsNav = () => {
  const pathname = usePathname();
  const me = useMe();
  const entries = [
    { text: "Sessions", href: paths.sessions() },
    { text: "Second factor", href: paths.secondFactor() },
    { text: "Notices", href: paths.notices() },
    ...(mayDo(me, "read", "secret") ? [{ text: "Secrets", href: paths.secrets() }] : []),
    ...(mayDo(me, "read", "approval_policy") ? [{ text: "Delegations", href: paths.delegations() }] : []),
    { text: "API tokens", href: paths.tokens() },
    ...(mayDo(me, "read", "member") ? [{ text: "Members", href: paths.members() }] : []),
    ...(mayDo(me, "read", "team") ? [{ text: "Teams", href: paths.teams() }] : []),
    ...(mayDo(me, "read", "role") ? [{ text: "Roles", href: paths.roles() }] : []),
    ...(mayDo(me, "read", "grant") ? [{ text: "Grants", href: paths.grants() }] : []),
    ...(mayDo(me, "read", "grant") ? [{ text: "Access", href: paths.access() }] : []),
    ...(mayDo(me, "read", "identity_provider") ? [{ text: "Single sign-on", href: paths.singleSignOn() }] : []),
    ...(mayDo(me, "read", "service_account") ? [{ text: "Service accounts", href: paths.serviceAccounts() }] : []),
  ];
  return (
    <nav aria-label="Settings" className="mb-4">
      <ul className="flex flex-wrap gap-x-4 gap-y-1">
        {entries.map((entry) => (
          <li key={entry.href}>
            <Link
              href={entry.href}
              aria-current={pathname === entry.href ? "page" : undefined}
              className="text-muted underline-offset-4 aria-[current=page]:font-semibold aria-[current=page]:text-text aria-[current=page]:underline"
            >
              {entry.text}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
};
