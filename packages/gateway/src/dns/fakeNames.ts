import { createHash } from "node:crypto";
import { DNS_NAMES_MAX } from "../limits.ts";

/**
 * Names and the addresses invented for them, from 198.18.0.0/15 (RFC 2544: never routed on the Internet).
 * Threat: an address that means one name today and another tomorrow would carry a connection to the wrong host.
 * Invariant: an address is derived from its name, so that it is the same after a restart; it names one host at a time.
 */
export interface FakeNames {
  /** The address of a name, made when new; null when every place is taken (never happens below the bound). */
  addressOf(name: string): string | null;
  nameOf(address: string): string | null;
}

const NETWORK = 0xc6120000;
const HOST_BITS = 17;
const HOSTS = 1 << HOST_BITS;
/** Far more than a chain gets at 3 % load. */
const PROBES_MAX = 64;

const toAddress = (offset: number): string => {
  const value = NETWORK + offset;
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff).join(".");
};

export function isFakeAddress(address: string): boolean {
  const parts = address.split(".");
  return parts.length === 4 && parts[0] === "198" && (parts[1] === "18" || parts[1] === "19");
}

export function createFakeNames(namesMax = DNS_NAMES_MAX): FakeNames {
  /** In order of use: the first is the longest unused. */
  const byName = new Map<string, string>();
  const byAddress = new Map<string, string>();

  function freeAddress(name: string): string | null {
    const start = createHash("sha256").update(name).digest().readUInt32BE(0) % HOSTS;
    for (let probe = 0; probe < PROBES_MAX; probe += 1) {
      const offset = (start + probe) % HOSTS;
      // The network's own first and last addresses are refused by some clients.
      if (offset === 0 || offset === HOSTS - 1) continue;
      const address = toAddress(offset);
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
