import { agree, decideTables } from "./policy/decide.ts";
import { peerVersions } from "./policy/peers.ts";
import type { Claim, Table } from "./policy/table.ts";
import { toolTables } from "./policy/tools.ts";

/** Decisions of the compiled policy beside Cedar and casbin with the same rules, then what a whole file costs. */
export async function run(): Promise<{
  title: string;
  peers: Record<string, string>;
  tables: Table[];
  claims: Claim[];
}> {
  agree();
  const decided = await decideTables();
  const tools = toolTables();
  return {
    title: "The policy language: decisions, compiling, comparing and replaying",
    peers: peerVersions(),
    tables: [...decided.tables, ...tools.tables],
    claims: [...decided.claims, ...tools.claims],
  };
}
