import { isIPv4, isIPv6 } from "node:net";

/**
 * Threat: one host of IPv6 has 2^64 addresses of its own, and counts as nobody twice. Invariant: what is counted by address is counted by
 * what one host has, its network of 64 bits there; and what one customer of a network has is its prefix, of 24 and of 48 bits.
 */
const HOST_GROUPS = 4;
const PREFIX_GROUPS = 3;
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** Text that is no address is its own host: whoever sends it is counted all the same. */
export function hostOf(address: string): string {
  const plain = plainOf(address);
  return isIPv6(plain) ? groupsOf(plain, HOST_GROUPS) : plain;
}

export function prefixOf(address: string): string {
  const plain = plainOf(address);
  if (isIPv4(plain)) return plain.slice(0, plain.lastIndexOf("."));
  return isIPv6(plain) ? groupsOf(plain, PREFIX_GROUPS) : plain;
}

const plainOf = (address: string): string => {
  const zoneless = address.trim().replace(/%.*$/, "");
  return MAPPED.exec(zoneless)?.[1] ?? zoneless;
};

/** The first groups of an address, in one spelling. */
function groupsOf(address: string, count: number): string {
  const [head = "", tail] = address.toLowerCase().split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  // An IPv4 tail is two groups; it is never among the first.
  const length = before.length + after.length + (after.at(-1)?.includes(".") === true ? 1 : 0);
  const zeros = tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - length) }, () => "0");
  return [...before, ...zeros, ...after]
    .slice(0, count)
    .map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":");
}
