/** May this address be dialled for these endpoints? See `canonical/address.ts` for the threat. */
import { type AddressClass, addressBytes, addressClass, bytesWithin, coverableClasses } from "../canonical/address.ts";
import type { CompiledEndpoint } from "./endpoint.ts";

/** An address that a connection would reach, read once. */
export interface Address {
  /** Canonical. */
  text: string;
  kind: AddressClass;
  bytes: readonly number[];
}
/** All that a connection would reach: none while only its name is known. */
export type Addresses = readonly Address[];

export const readAddress = (canonical: string): Address => ({
  text: canonical,
  kind: addressClass(canonical),
  bytes: addressBytes(canonical) ?? [],
});

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
export const shutAddressReason = ({ kind, text }: Address): string | null =>
  coverableClasses.includes(kind) ? null : `${text} is ${WHAT[kind]}, which no policy can open`;

export function covers(endpoint: CompiledEndpoint, addresses: Addresses): boolean {
  if (addresses.length === 0) return true;
  const { addresses: ranges } = endpoint;
  for (const address of addresses)
    if (ranges === null ? address.kind !== "public" : !bytesWithin(address.bytes, ranges)) return false;
  return true;
}

export const uncoveredReason = ({ kind, text }: Address): { reason: string; hard: boolean } =>
  kind === "public"
    ? { reason: `${text} is not among the entry's allowed_ips`, hard: false }
    : { reason: `${text} is ${WHAT[kind]}, and no allowed_ips of a matching entry covers it`, hard: true };
