"use client";
import { useEffect } from "react";
import { useMe } from "../client/me.tsx";
import { onProved } from "../client/proved-channel.ts";
import { paths } from "../lib/paths.ts";
import { buttonClass } from "../ui/button.tsx";

/** The provider asks in a tab of its own, so that this page, with what was typed on it, stays as it is. */
export const ProveAtProvider = ({ provider, onReturned }: { provider: string; onReturned: () => void }) => {
  const me = useMe();
  useEffect(() => onProved(onReturned), [onReturned]);
  return (
    <a
      className={buttonClass("primary")}
      href={paths.ssoStart({ email: me.actor.label, next: paths.proved(), prove: true })}
      target="_blank"
      rel="noopener"
    >
      Continue with {provider}
    </a>
  );
};
