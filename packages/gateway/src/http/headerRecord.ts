import type { HeaderPair } from "./headerPair.ts";

/** Lower-case names; repeated headers joined as RFC 9110 5.3 reads them. Prototype-free: a header may be called `__proto__`. */
export function asRecord(pairs: readonly HeaderPair[]): Record<string, string> {
  const record: Record<string, string> = Object.create(null);
  for (const [name, value] of pairs) {
    const key = name.toLowerCase();
    const before = record[key];
    record[key] = before === undefined ? value : `${before}, ${value}`;
  }
  return record;
}
