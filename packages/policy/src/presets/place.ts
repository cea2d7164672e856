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

/** Reads several, between commas or bars. Throws PolicyEditError that names the parameter. */
export function placesOf(parameter: string, text: string, words: readonly string[] = []): Place[] {
  const parts = text
    .split(/[,|]/)
    .map((part) => part.trim())
    .filter((part) => part !== "" && !words.includes(part));
  if (parts.length === 0) throw new PolicyEditError(`\`${parameter}\` names no host.`);
  if (parts.length > PLACES_MAX) throw new PolicyEditError(`\`${parameter}\` names more than ${PLACES_MAX} hosts.`);
  return parts.map((part) => placeOf(parameter, part));
}

/** What is asked for where a parameter is one host. */
const ONE_HOST = "Write one host such as `service.example.com`, with `:PORT` if it is not 443.";

/**
 * One host, where the rules below it are the preset's own: a path would shift them to where the service does not answer, and a
 * private address must be named in `address` where the preset asks for it.
 */
export function hostOf(parameter: string, text: string, { needsAddress }: { needsAddress: boolean }): Place {
  const refuse = (why: string, remedy = ONE_HOST): PolicyEditError =>
    new PolicyEditError(`\`${parameter}\`: "${text}" ${why}. ${remedy}`);
  if (/[\s,|]/.test(text)) throw refuse("is not one host");
  const place = placeOf(parameter, text);
  if (place.path !== "") throw refuse(`carries the path \`${place.path}\``, `Write \`${place.host}\`, without a path.`);
  if (place.addresses !== undefined && needsAddress)
    throw refuse("is a private address", `Give \`address\` too, such as \`address=${place.host}\`.`);
  return place;
}

/** Addresses that no policy can open, by whatever name. */
const CLOSED: readonly string[] = ["loopback", "link-local", "metadata", "unspecified", "multicast"];

function placeOf(parameter: string, text: string): Place {
  if (/\s/.test(text))
    throw new PolicyEditError(
      `\`${parameter}\`: "${text}" holds a space. Write one host or URL, and commas between several.`,
    );
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
  const kind = isIpLiteral(host) ? addressClass(host) : isLoopbackName(host) ? "loopback" : "public";
  if (CLOSED.includes(kind))
    throw new PolicyEditError(
      `\`${parameter}\`: "${text}" is a ${kind} address, which is always denied. Write the host's name or address in its own network.`,
    );
  const plain = url.protocol === "http:" ? 80 : 443;
  return {
    host,
    port: url.port === "" ? plain : Number(url.port),
    path,
    addresses: kind === "public" ? undefined : [host],
  };
}

const isLoopbackName = (host: string): boolean => host === "localhost" || host.endsWith(".localhost");

function parsed(text: string): URL | null {
  try {
    const url = new URL(text);
    return url.protocol === "https:" || url.protocol === "http:" ? url : null;
  } catch {
    return null;
  }
}
