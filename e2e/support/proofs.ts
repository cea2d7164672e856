import { readFileSync } from "node:fs";
import { join } from "node:path";
import postgres from "postgres";
import type { Fleet } from "./fleet.ts";

const PORT_LINE = 3;

/** Ages what people proved by a quarter of an hour, as the clock would: nobody waits for it in a test. */
export async function ageProofs(fleet: Fleet): Promise<void> {
  const folder = join(fleet.home, "pg");
  const port = Number(readFileSync(join(folder, "data/postmaster.pid"), "utf8").split("\n")[PORT_LINE]);
  const password = readFileSync(join(folder, "superuser.password"), "utf8").trim();
  const sql = postgres({ host: "127.0.0.1", port, user: "postgres", password, database: "creel", max: 1 });
  try {
    await sql`update sessions set proved_at = proved_at - interval '15 minutes'`;
  } finally {
    await sql.end();
  }
}
