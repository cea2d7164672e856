import { createHash } from "node:crypto";
import { canonicalJson } from "@creel/policy";

export const digestOf = (value: unknown): string =>
  `sha256:${createHash("sha256").update(canonicalJson(value), "utf8").digest("hex")}`;
