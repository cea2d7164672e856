import { lookup } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import { addressClass } from "@creel/policy";

/**
 * Threat: a tenant names a webhook inside our own network, or a name that resolves there when it is called. Invariant: only
 * https to public addresses, and the address that is judged is the address that is connected to. What the operator of this
 * installation lists by `host:port` is reached as it is.
 */

export const hostPort = (url: URL): string => `${url.hostname}:${url.port || (url.protocol === "https:" ? 443 : 80)}`;

/** Why a URL cannot be a channel, as far as its text tells; null when it may. */
export function urlProblem(text: string, trusted: readonly string[]): string | null {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return "is not a URL";
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") return "must begin with https://";
  if (url.username !== "" || url.password !== "") return "must not hold a user name or a password";
  if (trusted.includes(hostPort(url))) return null;
  if (url.protocol !== "https:") return "must begin with https://";
  const literal = url.hostname.replace(/^\[|\]$/g, "");
  if (isIP(literal) !== 0 && addressClass(literal) !== "public") return "must be a public address";
  return null;
}

/** A `lookup` for Node's sockets that knows public addresses only. */
export const publicLookup: LookupFunction = (host, options, done) => {
  lookup(host, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return done(error, "", 0);
    const open = addresses.filter(({ address }) => addressClass(address) === "public");
    const [first] = open;
    if (first === undefined || open.length < addresses.length)
      return done(new Error("the name leads to an address that is not public"), "", 0);
    if (options.all === true) done(null, open);
    else done(null, first.address, first.family);
  });
};
