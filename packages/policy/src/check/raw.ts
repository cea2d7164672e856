/** An entry as read: fields may be missing, list items unreadable. What was wrong with them has been said already. */
import type { Binary, Endpoint, PolicyEntry } from "../model.ts";

export type RawBinary = Partial<Binary> & { harness?: boolean };
export type RawEntry = Partial<Omit<PolicyEntry, "endpoints" | "binaries">> & {
  endpoints?: (RawEndpoint | undefined)[];
  binaries?: (RawBinary | undefined)[];
};

export type RawEndpoint = Partial<Omit<Endpoint, "tls" | "ports">> & {
  port?: number;
  ports?: (number | undefined)[];
  tls?: "skip" | "terminate" | "passthrough";
};
