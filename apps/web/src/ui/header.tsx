"use client";
import Link from "next/link";
import { rolesInWords, useMe } from "../client/me.tsx";
import { paths } from "../lib/paths.ts";
import type { Theme } from "../lib/theme.ts";
import { Nav } from "./nav.tsx";
import { OrgSwitcher } from "./org-switcher.tsx";
import { SignOutButton } from "./sign-out.tsx";
import { ThemeToggle } from "./theme-toggle.tsx";

export const Header = ({ theme }: { theme: Theme }) => {
  const me = useMe();
  return (
    <header className="border-b border-line bg-panel">
      <div className="mx-auto flex max-w-[1400px] flex-wrap items-center gap-x-6 px-3 sm:px-5 lg:flex-nowrap">
        <p className="flex items-baseline gap-2 py-2">
          <Link href={paths.overview()} className="font-bold tracking-tight">
            Creel
          </Link>
          <span aria-hidden className="text-muted">
            /
          </span>
          <OrgSwitcher />
        </p>
        <div className="order-last w-full min-w-0 lg:order-none lg:w-auto lg:flex-1">
          <Nav />
        </div>
        <div className="ml-auto flex items-center gap-1">
          <span className="max-w-52 truncate text-muted max-sm:hidden" title={`${me.actor.label}, ${rolesInWords(me)}`}>
            {me.actor.label}
          </span>
          <ThemeToggle initial={theme} />
          <SignOutButton />
        </div>
      </div>
    </header>
  );
};
