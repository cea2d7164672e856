"use client";
import type { ResourceKind } from "@creel/core";
import clsx from "clsx";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { useEffect, useRef } from "react";
import { mayDo, useMe } from "../client/me.tsx";
import { paths } from "../lib/paths.ts";

const entries: readonly { text: string; href: string; needs?: ResourceKind }[] = [
  { text: "Overview", href: paths.overview() },
  { text: "Nodes", href: paths.nodes(), needs: "node" },
  { text: "Sandboxes", href: paths.sandboxes(), needs: "sandbox" },
  { text: "Decisions", href: paths.decisions(), needs: "decision" },
  { text: "Inbox", href: paths.inbox(), needs: "decision" },
  { text: "Policies", href: paths.policies(), needs: "policy" },
  { text: "Changes", href: paths.changes(), needs: "change" },
  { text: "Audit", href: paths.audit(), needs: "audit" },
  { text: "Settings", href: paths.sessions() },
];

const isHere = (pathname: string, href: string): boolean => {
  if (href === "/") return pathname === "/";
  if (href.startsWith("/settings")) return pathname.startsWith("/settings");
  return pathname === href || pathname.startsWith(`${href}/`);
};

/** On a narrow screen the tabs scroll sideways; the page itself is not moved. */
const showCurrent = (nav: HTMLElement): void => {
  const current = nav.querySelector("[aria-current]")?.getBoundingClientRect();
  if (current === undefined) return;
  const box = nav.getBoundingClientRect();
  nav.scrollLeft += current.left + current.width / 2 - (box.left + box.width / 2);
};

export const Nav = () => {
  const pathname = usePathname();
  const me = useMe();
  const nav = useRef<HTMLElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the current tab is another one after each change of the path.
  useEffect(() => {
    if (nav.current) showCurrent(nav.current);
  }, [pathname]);
  const shown = entries.filter((entry) => !entry.needs || mayDo(me, "read", entry.needs));
  return (
    <nav ref={nav} aria-label="Main" className="-mb-px overflow-x-auto">
      <ul className="flex">
        {shown.map((entry) => {
          const here = isHere(pathname, entry.href);
          return (
            <li key={entry.href}>
              <Link
                href={entry.href}
                aria-current={here ? "page" : undefined}
                className={clsx(
                  "block border-b-2 px-3 py-2.5 whitespace-nowrap",
                  here ? "border-accent font-semibold text-text" : "border-transparent text-muted hover:text-text",
                )}
              >
                {entry.text}
              </Link>
            </li>
          );
        })}
      </ul>
    </nav>
  );
};
