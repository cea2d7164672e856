import { playRole } from "./egress/roles.ts";
import { measureEgress } from "./egress/tables.ts";
import type { Claim, Table } from "./policy/table.ts";

playRole();

/** What goes out of a sandbox: read, relayed, connected and idle, beside proxies that do the same or less. */
export async function run(): Promise<{ title: string; tables: Table[]; claims: Claim[] }> {
  return {
    title: "Egress: processor time of what stands between a program and the network",
    ...(await measureEgress()),
  };
}
