/** Stands alone, so that everything else of this package also runs in a browser. */
import { createHash } from "node:crypto";
import { canonicalJson } from "./canonical/json.ts";
import type { Policy } from "./model.ts";

/** Digest of what the policy means: comments, formatting, order of keys and spelled-out defaults do not change it. */
export function policyDigest(policy: Policy): `sha256:${string}` {
  return `sha256:${createHash("sha256").update(canonicalJson(policy), "utf8").digest("hex")}`;
}
