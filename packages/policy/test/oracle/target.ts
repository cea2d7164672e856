/** Host, address and request target as the page of meanings says they are read; the standard library does the host. */

/** The usual form, by the URL parser that browsers have; null where it has none. */
export function usualHost(raw: string): string | null {
  const text = raw.includes(":") && !raw.startsWith("[") ? `[${raw}]` : raw;
  if (!/^(\[[0-9a-fA-F:.]+\]|[^[\]:/?#@\\\s%]+)$/.test(text)) return null;
  try {
    const host = new URL(`http://${text}/`).hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
    // A name's labels are letters, digits, `-` and `_`, with no hyphen at either end (RFC 1123).
    if (!host.includes(":") && !host.split(".").every((label) => /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?$/.test(label)))
      return null;
    return host === "" || host.includes("..") || host.startsWith(".") ? null : host;
  } catch {
    return null;
  }
}

export const v4 = (text: string): number[] | null => {
  const parts = text.split(".");
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part)) ? parts.map(Number) : null;
};

/** The eight groups of an IPv6 address in its usual form. */
function v6(text: string): number[] | null {
  if (!text.includes(":")) return null;
  const [head = "", tail] = text.split("::");
  const groups = (part: string): number[] =>
    part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16));
  const left = groups(head);
  if (tail === undefined) return left;
  const right = groups(tail);
  return [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right];
}

/** An address, or the IPv4 address that an IPv6 form carries. */
export function carried(address: string): string {
  const groups = v6(address);
  if (groups === null) return address;
  const [a = 0, b = 0, c = 0] = groups;
  const four = (high = 0, low = 0): string => [high >> 8, high & 255, low >> 8, low & 255].join(".");
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) return four(groups[6], groups[7]);
  if (a === 0x64 && b === 0xff9b && groups.slice(2, 6).every((group) => group === 0)) return four(groups[6], groups[7]);
  if (a === 0x2002) return four(b, c);
  return address;
}

/** `never` is what no file can open; `private` needs `allowed_ips`. */
export function reach(address: string): "never" | "private" | "public" {
  const plain = carried(address);
  const [a = 0, b = 0, c = 0] = v4(plain) ?? [];
  if (v4(plain) !== null) {
    if (a === 127 || a === 0 || (a === 169 && b === 254) || (a >= 224 && a < 240)) return "never";
    if (plain === "168.63.129.16") return "never";
    if (a === 10 || (a === 172 && b >= 16 && b < 32) || (a === 192 && b === 168) || (a === 100 && b >= 64 && b < 128))
      return "private";
    const documentation =
      (a === 192 && b === 0 && c <= 2) || (a === 198 && b === 51) || (a === 203 && b === 0 && c === 113);
    return a >= 240 || documentation ? "private" : "public";
  }
  const [first = 0] = v6(plain) ?? [];
  if (plain === "::1" || plain === "::" || plain === "fd00:ec2::254") return "never";
  if ((first & 0xffc0) === 0xfe80 || (first & 0xff00) === 0xff00) return "never";
  return (first & 0xfe00) === 0xfc00 ? "private" : "public";
}

/** IPv4 ranges and single addresses, which is what the generated policies hold. */
export function within(address: string, range: string): boolean {
  const bits = (text: string): string | null =>
    v4(text)
      ?.map((part) => part.toString(2).padStart(8, "0"))
      .join("") ?? null;
  const [base = "", length = "32"] = range.split("/");
  const [one, other] = [bits(carried(address)), bits(base)];
  return one !== null && other !== null && one.slice(0, Number(length)) === other.slice(0, Number(length));
}

export interface Target {
  path: string;
  query: [string, string][];
  /** An escaped slash is left in the path. */
  encodedSlash: boolean;
}

/** The path in its one reading, or null where it has none. */
export function readTarget(raw: string): Target | null {
  const [rawPath = "", ...rest] = raw.split("?");
  if (!raw.startsWith("/") || /[;\\#]/.test(rawPath) || /[^\x21-\x7e]/.test(raw)) return null;
  if (/%(?![0-9A-Fa-f]{2})/.test(raw)) return null;
  if (/%(0[0-9A-Fa-f]|1[0-9A-Fa-f]|7f|7F|5c|5C)/.test(rawPath)) return null;
  let decoded: string;
  try {
    decoded = decodeURIComponent(rawPath);
  } catch {
    return null;
  }
  // A server that decodes before it resolves would see the dots as segments.
  if (/%2f/i.test(rawPath) && /(^|\/)\.\.?(\/|$)/.test(decoded)) return null;
  const plain = rawPath.replace(/%[0-9A-Fa-f]{2}/g, (triplet) => {
    const char = String.fromCharCode(Number.parseInt(triplet.slice(1), 16));
    return /[A-Za-z0-9\-._~]/.test(char) ? char : triplet.toUpperCase();
  });
  if (/%25[0-9A-Fa-f]{2}/.test(plain)) return null;
  const kept: string[] = [];
  const segments = plain.replace(/\/+/g, "/").split("/").slice(1);
  for (const [i, segment] of segments.entries()) {
    const last = i === segments.length - 1;
    if (segment === "..") {
      if (kept.length === 0) return null;
      kept.pop();
    }
    if (segment !== "." && segment !== "..") kept.push(segment);
    else if (last) kept.push("");
  }
  const path = `/${kept.join("/")}`.replace(/\/+/g, "/");
  const query = new URLSearchParams(rest.join("?"));
  return { path, query: [...query.entries()], encodedSlash: /%2f/i.test(path) };
}
