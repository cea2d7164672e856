"use client";
import type { Action, ResourceKind, WhoAmI } from "@creel/core";
import { createContext, type ReactNode, use } from "react";
import { scopeInWords } from "../lib/scope-text.ts";

const MeContext = createContext<WhoAmI | null>(null);

export const MeProvider = ({ me, children }: { me: WhoAmI; children: ReactNode }) => (
  <MeContext value={me}>{children}</MeContext>
);

export const useMe = (): WhoAmI => {
  const me = use(MeContext);
  if (!me) throw new Error("useMe needs a MeProvider above it");
  return me;
};

export const mayDo = (me: WhoAmI, action: Action, on: ResourceKind): boolean => me.may[on]?.includes(action) ?? false;

/** What somebody holds, as one reads it: `operator on env=staging, viewer`. */
export const rolesInWords = (me: WhoAmI): string => {
  const held = me.grants.map(({ role, scope }) => {
    const where = scope === null ? "" : ` on ${scopeInWords(scope)}`;
    return `${role.replaceAll("_", " ")}${where}`;
  });
  return held.length === 0 ? "no role" : [...new Set(held)].join(", ");
};

/** Why this person cannot do this, as a sentence; null when they can. The server decides again, whatever stands here. */
export const useRefusalOf = (action: Action, on: ResourceKind): string | null => {
  const me = useMe();
  return mayDo(me, action, on) ? null : `What you hold here (${rolesInWords(me)}) does not allow this.`;
};
