/**
 * What kind of address a connection would reach. Threat: server-side request forgery and rebinding, by which a name the policy
 * allows ends at the host's own services, a neighbour or a cloud's metadata service. Invariant: an address hidden in another
 * (v4-mapped, NAT64, 6to4, Teredo, ISATAP) is judged as what it hides; what cannot be read is not public.
 */
import ipaddr from "ipaddr.js";

export type AddressClass =
  | "public"
  | "private"
  | "reserved"
  | "loopback"
  | "link-local"
  | "metadata"
  | "multicast"
  | "unspecified"
  | "invalid";

/** Addresses at which clouds hand out credentials; the first match wins, so these stand before the ranges that contain them. */
const METADATA_ADDRESSES = [
  "169.254.169.254",
  "169.254.170.2",
  "169.254.170.23",
  "169.254.0.23",
  "100.100.100.200",
  "168.63.129.16",
  "192.0.0.192",
  "fd00:ec2::254",
  "fd00:ec2::23",
  "fd20:ce::254",
  "fe80::a9fe:a9fe",
] as const;

const RANGES: readonly (readonly [string, AddressClass])[] = [
  ["0.0.0.0/8", "unspecified"],
  ["127.0.0.0/8", "loopback"],
  ["169.254.0.0/16", "link-local"],
  ["10.0.0.0/8", "private"],
  ["172.16.0.0/12", "private"],
  ["192.168.0.0/16", "private"],
  ["100.64.0.0/10", "private"],
  ["192.0.0.0/24", "reserved"],
  ["192.0.2.0/24", "reserved"],
  ["192.88.99.0/24", "reserved"],
  ["198.18.0.0/15", "reserved"],
  ["198.51.100.0/24", "reserved"],
  ["203.0.113.0/24", "reserved"],
  ["224.0.0.0/4", "multicast"],
  ["240.0.0.0/4", "reserved"],
  ["::/128", "unspecified"],
  ["::1/128", "loopback"],
  ["fe80::/10", "link-local"],
  ["fec0::/10", "private"],
  ["fc00::/7", "private"],
  ["ff00::/8", "multicast"],
  ["100::/64", "reserved"],
  ["64:ff9b:1::/48", "private"],
  ["2001::/23", "reserved"],
  ["2001:db8::/32", "reserved"],
  ["3fff::/20", "reserved"],
  ["5f00::/16", "reserved"],
];

/** Policy may open these classes by `allowed_ips`; every other class but `public` stays shut whatever a file says. */
export const coverableClasses: readonly AddressClass[] = ["public", "private", "reserved"];

type Parsed = { v4: readonly number[] } | { v6: readonly number[] };
interface Range {
  v6: boolean;
  bytes: readonly number[];
  bits: number;
}

/** Four decimal numbers from 0 to 255 without leading zeros: the one spelling that every reader takes for the same address. */
function parseV4(text: string): readonly number[] | null {
  const first = text.charCodeAt(0);
  // Most texts are names.
  if (first < ZERO || first > NINE) return null;
  const bytes: number[] = [];
  let value = -1;
  for (let at = 0; at <= text.length; at++) {
    const code = at === text.length ? DOT : text.charCodeAt(at);
    if (code === DOT) {
      if (value < 0 || bytes.length === 4) return null;
      bytes.push(value);
      value = -1;
    } else if (code < ZERO || code > NINE || value === 0) return null;
    else {
      value = Math.max(value, 0) * 10 + code - ZERO;
      if (value > 255) return null;
    }
  }
  return bytes.length === 4 ? bytes : null;
}
const DOT = 46;
const ZERO = 48;
const NINE = 57;

function parse(text: string): Parsed | null {
  if (!text.includes(":")) {
    const v4 = parseV4(text);
    return v4 === null ? null : { v4 };
  }
  // A zone id names an interface of this host; no remote service is reached by it.
  if (text.includes("%") || !ipaddr.IPv6.isValid(text)) return null;
  return { v6: ipaddr.IPv6.parse(text).toByteArray() };
}

function parseRange(text: string): Range | null {
  const [address, suffix, extra] = text.split("/");
  if (address === undefined || extra !== undefined) return null;
  const parsed = parse(address);
  if (parsed === null) return null;
  const bytes = "v4" in parsed ? parsed.v4 : parsed.v6;
  const bitsMax = bytes.length * 8;
  if (suffix === undefined) return { v6: bitsMax === 128, bytes, bits: bitsMax };
  if (!/^(0|[1-9]\d{0,2})$/.test(suffix) || Number(suffix) > bitsMax) return null;
  return { v6: bitsMax === 128, bytes, bits: Number(suffix) };
}

function samePrefix(a: readonly number[], b: readonly number[], bits: number): boolean {
  for (let bit = 0; bit < bits; bit += 8) {
    const mask = bits - bit >= 8 ? 0xff : (0xff << (8 - (bits - bit))) & 0xff;
    if (((a[bit >> 3] ?? 0) & mask) !== ((b[bit >> 3] ?? 0) & mask)) return false;
  }
  return true;
}

/** For tables written in this file: a typo must fail at load, not let an address through. */
function mustParse(text: string): Range {
  const range = parseRange(text);
  if (range === null) throw new RangeError(`not an address range: ${text}`);
  return range;
}
const metadata = METADATA_ADDRESSES.map(mustParse);
const ranges = RANGES.map(([text, kind]) => ({ range: mustParse(text), kind }));

const within = (bytes: readonly number[], range: Range): boolean =>
  (bytes.length === 16) === range.v6 && samePrefix(bytes, range.bytes, range.bits);

function classOfBytes(bytes: readonly number[]): AddressClass {
  if (metadata.some((range) => within(bytes, range))) return "metadata";
  return ranges.find(({ range }) => within(bytes, range))?.kind ?? "public";
}

/** How IPv6 carries IPv4. `tunnel` forms reach an IPv4 host through a relay nobody vouches for, so they are never public. */
const EMBEDDINGS = [
  { range: mustParse("::ffff:0:0/96"), at: 12, flip: 0, tunnel: false },
  { range: mustParse("::ffff:0:0:0/96"), at: 12, flip: 0, tunnel: false },
  { range: mustParse("64:ff9b::/96"), at: 12, flip: 0, tunnel: false },
  { range: mustParse("2002::/16"), at: 2, flip: 0, tunnel: true },
  { range: mustParse("2001::/32"), at: 12, flip: 0xff, tunnel: true },
  { range: mustParse("2001::/32"), at: 4, flip: 0, tunnel: true },
  { range: mustParse("::/96"), at: 12, flip: 0, tunnel: true },
];
const isIsatap = (bytes: readonly number[]): boolean =>
  ((bytes[8] ?? 0) & 0xfd) === 0 && bytes[9] === 0 && bytes[10] === 0x5e && bytes[11] === 0xfe;

const slice4 = (bytes: readonly number[], at: number, flip: number): number[] =>
  bytes.slice(at, at + 4).map((byte) => byte ^ flip);

/** The class of an address in text form; no zone id, no brackets. */
export function addressClass(ip: string): AddressClass {
  const parsed = parse(ip);
  if (parsed === null) return "invalid";
  if ("v4" in parsed) return classOfBytes(parsed.v4);
  const own = classOfBytes(parsed.v6);
  if (own === "metadata" || own === "loopback" || own === "unspecified") return own;
  const inner: AddressClass[] = [];
  for (const { range, at, flip, tunnel } of EMBEDDINGS) {
    if (!within(parsed.v6, range)) continue;
    const kind = classOfBytes(slice4(parsed.v6, at, flip));
    inner.push(kind === "public" && tunnel ? "reserved" : kind);
  }
  if (isIsatap(parsed.v6)) {
    const kind = classOfBytes(slice4(parsed.v6, 12, 0));
    inner.push(kind === "public" ? "reserved" : kind);
  }
  if (inner.length === 0) return own;
  const worst = inner.find((kind) => !coverableClasses.includes(kind));
  return worst ?? (inner.includes("private") ? "private" : inner.includes("reserved") ? "reserved" : "public");
}

/** The bytes of an address; a v4-mapped address counts as its IPv4. Null when the text is no address. */
export function addressBytes(ip: string): readonly number[] | null {
  const parsed = parse(ip);
  if (parsed === null) return null;
  const bytes = "v4" in parsed ? parsed.v4 : parsed.v6;
  return within(bytes, MAPPED) ? slice4(bytes, 12, 0) : bytes;
}
const MAPPED = mustParse("::ffff:0:0/96");

/** CIDR ranges and single addresses, read once. */
export type AddressRanges = readonly Range[];
/** What is no range covers nothing. */
export const compileRanges = (texts: readonly string[]): AddressRanges =>
  texts.map(parseRange).filter((range): range is Range => range !== null);
export const bytesWithin = (bytes: readonly number[], ranges: AddressRanges): boolean =>
  ranges.some((range) => within(bytes, range));

/** Is this address inside one of the CIDR ranges or equal to one of the addresses? A v4-mapped address counts as its IPv4. */
export function addressWithin(ip: string, allowed: readonly string[]): boolean {
  const bytes = addressBytes(ip);
  return bytes !== null && bytesWithin(bytes, compileRanges(allowed));
}

const NEVER_ALLOWED = ["127.0.0.0/8", "169.254.0.0/16", "0.0.0.0/32", "::1/128", "::/128", "fe80::/10"].map(mustParse);
const MAPPED_NEVER_ALLOWED = ["::ffff:127.0.0.0/104", "::ffff:169.254.0.0/112", "::ffff:0.0.0.0/128"].map(mustParse);

/** Why a text cannot stand in `allowed_ips`, or null when it can. */
export function allowedIpProblem(text: string): string | null {
  const range = parseRange(text);
  if (range === null) return "is neither an IP address nor a CIDR range";
  const touching = [...NEVER_ALLOWED, ...MAPPED_NEVER_ALLOWED].find(
    (never) => never.v6 === range.v6 && samePrefix(never.bytes, range.bytes, Math.min(never.bits, range.bits)),
  );
  if (touching !== undefined) return "touches loopback, link-local or unspecified addresses, which no policy can open";
  if (range.bits === (range.v6 ? 128 : 32) && addressClass(text.split("/")[0] ?? "") === "metadata")
    return "is a cloud's metadata service, which no policy can open";
  return null;
}

/** The canonical text of an IP literal (v4-mapped becomes IPv4), or null when the text is none. */
export function canonicalAddress(text: string): string | null {
  const parsed = parse(text);
  if (parsed === null) return null;
  if ("v4" in parsed) return parsed.v4.join(".");
  if (within(parsed.v6, MAPPED)) return slice4(parsed.v6, 12, 0).join(".");
  return ipaddr.IPv6.parse(text).toRFC5952String();
}
