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
    { text: "Notices", href: paths.notices() },
    ...(mayDo(me, "read", "secret") ? [{ text: "Secrets", href: paths.secrets() }] : []),
    ...(mayDo(me, "read", "token") ? [{ text: "API tokens", href: paths.tokens() }] : []),
  ];
  return (
    <nav aria-label="Settings" className="mb-4">
      <ul className="flex gap-4">
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
