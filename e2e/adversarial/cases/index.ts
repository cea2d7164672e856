import type { Case } from "../model.ts";
import { filesystem } from "./filesystem.ts";

export function allCases(): Case[] {
  const cases = [...filesystem];
  const seen = new Set<string>();
  for (const { id } of cases) {
    if (seen.has(id)) throw new Error(`two cases are named ${id}`);
    seen.add(id);
  }
  return cases;
}
