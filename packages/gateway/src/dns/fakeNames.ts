import { createHash } from "node:crypto";
import { isIPv4 } from "node:net";
import { DNS_NAMES_MAX, DNS_UNNAMED_MAX } from "../limits.ts";

/**
 * Names and the addresses invented for them, from 198.18.0.0/15 (RFC 2544: never routed on the Internet).
 * Threat: an address that means one name today and another tomorrow would carry a connection to the wrong host; a flood of invented
 * names would push out those that work. Invariant: an address is derived from its name, so that it is the same after a restart; it
 * names one host at a time; names of the policy and all others have a block and a bound each.
 */
export interface FakeNames {
  /** The address of a name, made when new; null when every place is taken (never happens below the bound). */
  addressOf(name: string): string | null;
  nameOf(address: string): string | null;
}

const HOSTS = 1 << 16;
/** Far more than a chain gets at 6 % load. */
const PROBES_MAX = 64;
/** 198.18.0.0/16 for what the policy names, 198.19.0.0/16 for what it does not. */
const BLOCKS = { named: "198.18", unnamed: "198.19" } as const;

export function isFakeAddress(address: string): boolean {
  return Object.values(BLOCKS).some((block) => isIPv4(address) && address.startsWith(`${block}.`));
}

/** The names of one sandbox. */
export interface NameTable {
  named: FakeNames;
  unnamed: FakeNames;
  nameOf(address: string): string | null;
}

export function createNameTable(): NameTable {
  const named = createFakeNames(BLOCKS.named, DNS_NAMES_MAX);
  const unnamed = createFakeNames(BLOCKS.unnamed, DNS_UNNAMED_MAX);
  return { named, unnamed, nameOf: (address) => named.nameOf(address) ?? unnamed.nameOf(address) };
}

/** The host that an address stands for: its name, or itself where it is no invented one; null where nobody has that name. */
export const hostBehind = (names: NameTable, address: string): string | null =>
  isFakeAddress(address) ? names.nameOf(address) : address;

export function createFakeNames(block: string, namesMax: number): FakeNames {
  /** In order of use: the first is the longest unused. */
  const byName = new Map<string, string>();
  const byAddress = new Map<string, string>();

  function freeAddress(name: string): string | null {
    const start = createHash("sha256").update(name).digest().readUInt32BE(0) % HOSTS;
    for (let probe = 0; probe < PROBES_MAX; probe += 1) {
      const offset = (start + probe) % HOSTS;
      // The block's own first and last addresses are refused by some clients.
      if (offset === 0 || offset === HOSTS - 1) continue;
      const address = `${block}.${offset >>> 8}.${offset & 0xff}`;
      if (!byAddress.has(address)) return address;
    }
    return null;
  }

  function touch(name: string, address: string): void {
    byName.delete(name);
    byName.set(name, address);
  }

  return {
    addressOf(name) {
      const known = byName.get(name);
      if (known !== undefined) {
        touch(name, known);
        return known;
      }
      const address = freeAddress(name);
      if (address === null) return null;
      byName.set(name, address);
      byAddress.set(address, name);
      const oldest = byName.entries().next().value;
      if (byName.size > namesMax && oldest !== undefined) {
        byName.delete(oldest[0]);
        byAddress.delete(oldest[1]);
      }
      return address;
    },
    nameOf(address) {
      const name = byAddress.get(address);
      if (name === undefined) return null;
      touch(name, address);
      return name;
    },
  };
}
