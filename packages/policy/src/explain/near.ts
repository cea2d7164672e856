/** Entries that nearly name a host and port. */
import { compileGlob } from "../glob.ts";
import type { Policy } from "../model.ts";
import { nearest } from "../schema/nearest.ts";
import { ANSWERS_MAX, entryField, quoted } from "./trace.ts";

export interface NearEndpoint {
  key: string;
  field: string;
  sentence: string;
}

/** Nearest first: another port, a pattern of other depth, a slip of the pen, the same domain. Linear in the file. */
export function nearEndpoints(policy: Policy, host: string, port: number): NearEndpoint[] {
  const found: (NearEndpoint & { rank: number })[] = [];
  const domain = domainOf(host);
  for (const [key, entry] of Object.entries(policy.network_policies))
    for (const [index, endpoint] of entry.endpoints.entries()) {
      const rank = rankOf(endpoint.host, host, domain);
      if (rank === null) continue;
      const field = `${entryField(key)}.endpoints[${index}]`;
      const sentence =
        rank === 0
          ? `It names ${host} on port ${endpoint.ports.join(", ")}; the request goes to ${port}.`
          : `It names ${quoted(endpoint.host)}; the request goes to ${quoted(host)}.`;
      found.push({ key, field: `${field}.${rank === 0 ? "ports" : "host"}`, sentence, rank });
    }
  return found.sort((a, b) => a.rank - b.rank).slice(0, ANSWERS_MAX);
}

function rankOf(pattern: string, host: string, domain: string): number | null {
  if (pattern === "") return null;
  if (pattern === host) return 0;
  const wild = pattern.includes("*");
  if (wild && host.endsWith(pattern.slice(pattern.lastIndexOf("*") + 1))) return 1;
  if (!wild && Math.abs(pattern.length - host.length) <= 2 && nearest(host, [pattern]) !== null) return 2;
  return domainOf(pattern) === domain ? 3 : null;
}

/** The last two labels; enough to tell neighbours from strangers in a sentence. */
const domainOf = (host: string): string => host.split(".").slice(-2).join(".");

/** A wildcard label stands for at least one character, so no name begins with a dot. */
export const hostGlobMatches = (pattern: string, host: string): boolean =>
  !host.startsWith(".") && !host.includes("..") && compileGlob(pattern, { separator: "." })(host);
