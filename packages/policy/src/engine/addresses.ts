/** May this address be dialled for these endpoints? See `canonical/address.ts` for the threat. */
import { type AddressClass, addressClass, addressWithin, coverableClasses } from "../canonical/address.ts";
import type { CompiledEndpoint } from "./compile.ts";

const WHAT: Record<AddressClass, string> = {
  public: "a public address",
  private: "a private address",
  reserved: "a reserved address",
  loopback: "this host's own loopback",
  "link-local": "a link-local address",
  metadata: "a cloud's metadata service",
  multicast: "a multicast address",
  unspecified: "an unspecified address",
  invalid: "no readable address",
};

/** Why no policy whatever could open this address, or null when one could. */
export function shutAddressReason(ip: string): string | null {
  const kind = addressClass(ip);
  return coverableClasses.includes(kind) ? null : `${ip} is ${WHAT[kind]}, which no policy can open`;
}

export function endpointCovers(endpoint: CompiledEndpoint, ip: string): boolean {
  const allowed = endpoint.endpoint.allowed_ips;
  return allowed === undefined ? addressClass(ip) === "public" : addressWithin(ip, allowed);
}

export function uncoveredReason(ip: string): { reason: string; hard: boolean } {
  const kind = addressClass(ip);
  return kind === "public"
    ? { reason: `${ip} is not among the entry's allowed_ips`, hard: false }
    : { reason: `${ip} is ${WHAT[kind]}, and no allowed_ips of a matching entry covers it`, hard: true };
}
