/** Which denied requests are alike: same program, place and method, and paths that differ in identifiers alone. */
import { createHash } from "node:crypto";
import { pathOnly, pathShape } from "@creel/policy";
import type { DecisionRecord } from "@creel/protocol";
import { z } from "zod";

type Denied = Pick<DecisionRecord, "kind" | "decision" | "host" | "port" | "method" | "path"> & {
  binary: { path: string } | null;
};

/** 132 bits: nobody finds two groups of one key. */
const KEY_CHARS = 22;
export const groupKeySchema = z.string().regex(/^[A-Za-z0-9_-]{22}$/, "a group's key is 22 letters");

export const patternOf = (path: string | null): string | null => (path === null ? null : pathShape(pathOnly(path)));

/** Null for what is no denied request: a name that was looked up and never connected to names no program. */
export function groupKey(record: Denied): string | null {
  if (record.decision !== "deny" || record.kind === "dns") return null;
  const { host, port, method, path, binary } = record;
  const parts = [host, port, binary?.path ?? null, method, patternOf(path)];
  return createHash("sha256").update(JSON.stringify(parts)).digest("base64url").slice(0, KEY_CHARS);
}

/** Of what one sandbox asks past what is counted one by one: its id, written with the letters of a key, so that no hash meets it. */
export const othersKey = (sandboxId: string): string =>
  Buffer.from(sandboxId.replaceAll("-", ""), "hex").toString("base64url");
