import { expect, test } from "vitest";
import { tables, withOrg } from "../src/index.ts";
import { freshDatabase } from "./database.ts";

test("x", async () => {
  const d = await freshDatabase();
  const rows = await withOrg(
    d.db,
    "018f4b2e-0000-7000-8000-000000000000",
    async (tx) => await tx.select().from(tables.nodes),
  );
  expect(rows).toEqual([]);
  await d.close();
});
