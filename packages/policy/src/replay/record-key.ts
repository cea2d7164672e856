/** What two records must have in common to be judged alike: only what the version judges, so that most of a journal is judged once. */
import type { CompiledPolicy } from "../engine/compiled.ts";
import { addressIn, modelOf } from "./recorded.ts";
import type { RecordedRequest } from "./types.ts";

export interface PartsJudged {
  ancestors: boolean;
  sha256: boolean;
  /** Some endpoint or program has a condition that a record may lack the means to judge. */
  conditions: boolean;
}

export function partsJudged({ policy }: CompiledPolicy): PartsJudged {
  const entries = Object.values(policy.network_policies);
  const binaries = [...entries.flatMap((entry) => entry.binaries), ...(policy.inference?.binaries ?? [])];
  const pinned = binaries.some((binary) => binary.sha256 !== undefined || binary.script !== undefined);
  const judged = entries.some(
    (entry) =>
      entry.request !== undefined ||
      entry.endpoints.some(
        ({ protocol, allowed_ips, rules, deny_rules }) =>
          (protocol !== undefined && protocol !== "rest" && protocol !== "tcp") ||
          allowed_ips !== undefined ||
          rules?.some(({ allow }) => allow.request !== undefined) === true ||
          deny_rules?.some((clause) => clause.request !== undefined) === true,
      ),
  );
  return {
    ancestors: binaries.some((binary) => binary.inherit === true),
    sha256: binaries.some((binary) => binary.sha256 !== undefined),
    conditions: pinned || judged || policy.inference?.models !== undefined,
  };
}

/** Texts stand with their lengths, so that no two records share a key. */
export function keyOf(record: RecordedRequest, uses: PartsJudged, bucket: number): string {
  const { binary, kind, host, port, method, path, ip, protocol } = record;
  const wire = kind === "dns" || kind === "inference" ? `${kind}${reasonKey(record)}` : reasonKey(record);
  const upgrade = protocol === "ws" || protocol === "wss" ? "u" : "";
  let key = `${bucket}${upgrade} ${port} ${wire} ${part(host)}${part(method)}${part(path)}${part(ip)}`;
  if (binary === null) return key;
  key += `${part(binary.path)}${part(binary.script)}${part(binary.library)}`;
  if (uses.sha256) key += part(binary.sha256);
  if (uses.ancestors) for (const ancestor of binary.ancestors ?? []) key += part(ancestor);
  return key;
}
const part = (text: string | null | undefined): string =>
  text === null || text === undefined ? "-" : `${text.length}:${text}`;
/** What the reason says of the request itself is judged, so it is part of the key. */
function reasonKey(record: RecordedRequest): string {
  const model = modelOf(record);
  return `${part(addressIn(record))}${part(model)}`;
}
