/** One address for each way in which classes and `allowed_ips` can hold for it. */
import ipaddr from "ipaddr.js";
import { canonicalAddress } from "../canonical/address.ts";

/** Where a class of addresses begins or ends, or where one address of interest stands. */
const LANDMARKS = [
  ..."0.0.0.0 1.0.0.0 10.0.0.0 11.0.0.0 100.64.0.0 100.128.0.0 127.0.0.0 128.0.0.0 169.254.0.0 169.255.0.0".split(" "),
  ..."172.16.0.0 172.32.0.0 192.0.0.0 192.0.1.0 192.0.2.0 192.0.3.0 192.88.99.0 192.168.0.0 192.169.0.0".split(" "),
  ..."198.18.0.0 198.20.0.0 198.51.100.0 203.0.113.0 224.0.0.0 240.0.0.0 8.8.8.8 93.184.216.34".split(" "),
  ..."2606:2800:220:1::1 2001:db8:: 2001:: fc00:: fe80:: fec0:: ff00:: 100:: 64:ff9b:1:: 3fff:: 5f00::".split(" "),
];
/** Where IPv6 forms carry an IPv4 address: NAT64 and mapped at 12, 6to4 at 2, the local NAT64 prefixes at 4 and 12. */
const CARRIED_AT = [2, 4, 12];

/** The first address of each range, the one behind it, and for IPv6 the same with IPv4 landmarks carried inside. */
export function addressSamples(ranges: readonly string[]): string[] {
  const found = new Set<string>(["93.184.216.34"]);
  const add = (bytes: readonly number[]) => {
    const text = canonicalAddress(ipaddr.fromByteArray([...bytes]).toString());
    if (text !== null) found.add(text);
  };
  const inner: number[][] = [];
  for (const text of [...ranges, ...LANDMARKS]) {
    const edges = edgesOf(text);
    for (const bytes of edges) {
      add(bytes);
      if (bytes.length === 4) inner.push([...bytes]);
    }
  }
  for (const text of ranges)
    for (const bytes of edgesOf(text).slice(0, 1))
      if (bytes.length === 16)
        for (const at of CARRIED_AT) for (const carried of inner) add(bytes.map((byte, i) => carried[i - at] ?? byte));
  return [...found];
}

/** First address, the one after it, and the first behind the range. */
function edgesOf(text: string): number[][] {
  const [address = "", suffix] = text.split("/");
  if (!ipaddr.isValid(address)) return [];
  const bytes = ipaddr.parse(address).toByteArray();
  const bits = suffix === undefined ? bytes.length * 8 : Number(suffix);
  const first = bytes.map((byte, i) => byte & (0xff << Math.max(0, Math.min(8, 8 - (bits - i * 8)))) & 0xff);
  return [first, plus(first, bytes.length * 8 - 1), plus(first, bits - 1)].filter(
    (edge): edge is number[] => edge !== null,
  );
}

/** Adds one at this bit, counted from the left; null when it runs over the end. */
function plus(bytes: readonly number[], bit: number): number[] | null {
  if (bit < 0) return null;
  const result = [...bytes];
  let carry = 1 << (7 - (bit % 8));
  for (let at = bit >> 3; at >= 0 && carry > 0; at--) {
    const sum = (result[at] ?? 0) + carry;
    result[at] = sum & 0xff;
    carry = sum >> 8;
  }
  return carry > 0 ? null : result;
}
