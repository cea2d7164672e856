/** A host as people have it in their clients' configuration: a name, `host:port`, or a URL. */
import { addressClass } from "../canonical/address.ts";
import { canonicalHost, isIpLiteral } from "../canonical/host.ts";
import { canonicalPath } from "../canonical/path.ts";
import { PolicyEditError } from "../edit/error.ts";

export interface Place {
  host: string;
  port: number;
  /** Without a slash at the end; empty when the URL names none. */
  path: string;
  /** Set where the host is a private address itself. */
  addresses: string[] | undefined;
}

const PLACES_MAX = 16;

/** Reads one or several. Throws PolicyEditError that names the parameter. */
export function placesOf(parameter: string, text: string, words: readonly string[] = []): Place[] {
  const parts = text.split(/[\s,|]+/).filter((part) => part !== "" && !words.includes(part));
  if (parts.length === 0) throw new PolicyEditError(`\`${parameter}\` names no host.`);
  if (parts.length > PLACES_MAX) throw new PolicyEditError(`\`${parameter}\` names more than ${PLACES_MAX} hosts.`);
  return parts.map((part) => placeOf(parameter, part));
}

function placeOf(parameter: string, text: string): Place {
  const url = parsed(/^[a-z]+:\/\//i.test(text) ? text : `https://${text}`);
  const host = url === null ? null : canonicalHost(url.hostname);
  if (url === null || host === null || url.username !== "" || url.search !== "" || url.hash !== "")
    throw new PolicyEditError(
      `\`${parameter}\`: "${text}" is no host name and no URL without user, query and fragment.`,
    );
  const path = canonicalPath(url.pathname, { allowEncodedSlash: false })?.path.replace(/\/+$/, "");
  // Characters that are patterns would make a wider rule than what was named.
  if (path === undefined || /[*?[\]{}]/.test(path))
    throw new PolicyEditError(`\`${parameter}\`: the path of "${text}" has no single reading.`);
  const isPrivate = isIpLiteral(host) && addressClass(host) !== "public";
  const plain = url.protocol === "http:" ? 80 : 443;
  return { host, port: url.port === "" ? plain : Number(url.port), path, addresses: isPrivate ? [host] : undefined };
}

function parsed(text: string): URL | null {
  try {
    const url = new URL(text);
    return url.protocol === "https:" || url.protocol === "http:" ? url : null;
  } catch {
    return null;
  }
}
