import type { Scope } from "@creel/core";

/** A scope as people write it: `env=prod|staging, team=payments`. An empty text is the whole organization. */
export function readScope(text: string): { scope: Record<string, string[]> | undefined; problem: string | null } {
  const parts = text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  const scope: Record<string, string[]> = {};
  for (const part of parts) {
    const [label = "", values = "", ...rest] = part.split("=");
    const list = values.split("|").map((value) => value.trim());
    if (label.trim() === "" || rest.length > 0 || list.some((value) => value === ""))
      return { scope: undefined, problem: `“${part}” is not of the form label=value or label=one|other.` };
    scope[label.trim()] = list;
  }
  return { scope: parts.length === 0 ? undefined : scope, problem: null };
}

export const scopeInWords = (scope: Scope): string =>
  Object.entries(scope)
    .map(([label, values]) => `${label}=${values.join("|")}`)
    .join(", ");
