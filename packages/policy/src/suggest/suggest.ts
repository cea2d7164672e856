/**
 * The least policy that covers a journal. Threat: the journal was written by what an agent did, and the agent may want a wide policy.
 * Invariant: everything proposed was seen or lies among many that were; nothing is proposed that a deny, an address rule or a person's
 * expiry stands against; the result is parsed and judged before it is returned; the order of the records does not matter.
 */

import { addressClass } from "../canonical/address.ts";
import { canonicalHost } from "../canonical/host.ts";
import { canonicalJson } from "../canonical/json.ts";
import { canonicalPath } from "../canonical/path.ts";
import { PolicyEditError } from "../edit/error.ts";
import { decide } from "../engine/decide.ts";
import { INFERENCE_HOST } from "../engine/inference.ts";
import type { Policy } from "../model.ts";
import { parsePolicy } from "../parse.ts";
import type { RecordedRequest } from "../replay/types.ts";
import { compileStrict, createBase } from "./base.ts";
import { type Covered, type Draft, draftEntries } from "./draft.ts";
import { addWish, newEvidence, type Wish } from "./evidence.ts";
import { PATH_CHARS_MAX } from "./limits.ts";
import { sortedNotes } from "./notes.ts";
import { hostRefusal, methodRefusal, programRefusal } from "./refusals.ts";
import { createRefusedList } from "./refused-list.ts";
import type { Suggestion } from "./types.ts";
import { EMPTY_POLICY, writeEntries } from "./write.ts";

export interface SuggestOptions {
  /** The policy to add to; without it a new file is written. */
  baseYaml?: string | undefined;
  /** The clock for the base's `expires_at`. */
  nowMs: number;
  /** Further folders in which the agent can write. */
  writableFolders?: readonly string[] | undefined;
  /** Folders that were mounted read-only for the agent, whatever their names say. */
  readOnlyFolders?: readonly string[] | undefined;
}

export interface SuggestionRun {
  /** Null is a line that is no request. */
  add(record: RecordedRequest | null): void;
  result(): Suggestion;
}

/** Throws PolicyEditError when the base has errors; `result` throws it when the base's layout leaves no place for entries. */
export function createSuggestion(options: SuggestOptions): SuggestionRun {
  const base = createBase(options.baseYaml ?? EMPTY_POLICY, options.nowMs);
  const evidence = newEvidence();
  const refused = createRefusedList();
  let alreadyAllowed = 0;

  /** Why nothing is suggested for this record, or what is wished for. */
  function read(record: RecordedRequest): Wish | string {
    const program = record.binary?.path ?? "";
    const who = programRefusal(program, options);
    if (who !== null) return who;
    if (record.decision === "deny")
      return "It was denied then, not only recorded. A denial is lifted by a person, not by a suggestion.";
    const host = canonicalHost(record.host);
    if (host === null) return "The host has no single reading.";
    if (host === INFERENCE_HOST)
      return "The base's `inference` section, or an entry of it, decides who may ask the model; change that instead.";
    const where = hostRefusal(host) ?? addressRefusal(record.ip);
    if (where !== null) return where;
    if (record.method == null && record.kind === "http")
      return "The request could not be read, so no rule for it follows.";
    if (record.method == null)
      return { program, host, port: record.port, method: null, path: null, raw: isRaw(record) };
    const method = record.method.toUpperCase();
    const how = methodRefusal(method) ?? requestRefusal(record);
    if (how !== null) return how;
    const target = canonicalPath(record.path ?? "", { allowEncodedSlash: true });
    if (target === null) return "The request target has no single reading; such a request is always refused.";
    if (target.path.length > PATH_CHARS_MAX) return `The path is longer than ${PATH_CHARS_MAX} characters.`;
    return { program, host, port: record.port, method, path: target.path, raw: false };
  }

  function refuse(record: RecordedRequest, reason: string): void {
    const path = record.path == null ? null : (record.path.split("?")[0] ?? null);
    refused.add({
      binary: record.binary?.path ?? "",
      host: record.host,
      port: record.port,
      method: record.method ?? null,
      path,
      reason,
    });
  }

  return {
    add(record) {
      if (record === null) return;
      const ms = Date.parse(record.time);
      evidence.all.add(ms, record.sandbox ?? "");
      if (record.kind === "dns")
        return refuse(record, "A name was looked up and never connected to, which needs no rule.");
      const judged = base.judge(record);
      if (judged.passes === true) {
        if (isRaw(record) && base.inspects(record))
          return refuse(
            record,
            "The base reads this connection and judges each request; relaying it unread would undo that.",
          );
        alreadyAllowed++;
        return undefined;
      }
      const wish = read(record);
      if (typeof wish === "string") return refuse(record, wish);
      if (judged.passes === null)
        return refuse(record, judged.reason.replace("this version judges", "the base judges"));
      const obstacle = base.obstacle(wish);
      if (obstacle !== null) return refuse(record, obstacle);
      addWish(evidence, wish, ms, record.sandbox ?? "");
      return undefined;
    },
    result() {
      // The list goes on being filled by `add`, so what the draft refuses is written into a copy.
      const mine = refused.copy();
      const draft = draftEntries(evidence, { base, refused: mine });
      const yaml = settle(options, draft);
      const covered = draft.covered.reduce((sum, one) => sum + one.count, 0);
      return {
        yaml,
        entries: draft.entries.length,
        covered,
        alreadyAllowed,
        notes: sortedNotes(draft.notes),
        ...mine.result(),
      };
    },
  };
}

/** The gateway writes down a connection that passed only where it relays it unread. */
const isRaw = ({ kind, method }: RecordedRequest): boolean => kind === "connect" && method == null;

function addressRefusal(ip: string | null | undefined): string | null {
  if (ip == null || addressClass(ip) === "public") return null;
  return `The name led to ${ip}, which is no public address; such access is a person's decision.`;
}

const OVERRIDES = ["x-http-method-override", "x-http-method", "x-method-override"];

function requestRefusal({ headers, protocol }: RecordedRequest): string | null {
  const names = Object.keys(headers ?? {}).map((name) => name.toLowerCase());
  if (protocol === "ws" || protocol === "wss" || names.includes("upgrade"))
    return "The request opens a WebSocket, whose messages no rule for paths judges. Add an endpoint with `protocol: websocket` by hand.";
  if (names.some((name) => OVERRIDES.includes(name))) return "The request asks for two methods at once.";
  return null;
}

/** The first text that parses, leaves the base as it was and allows everything that was to be covered. */
function settle({ baseYaml, nowMs }: SuggestOptions, draft: Draft): string {
  const before = baseYaml === undefined ? null : parsePolicy(baseYaml).policy;
  for (const write of writeEntries(baseYaml, draft.entries)) {
    const text = write();
    if (text === null) continue;
    const { policy } = parsePolicy(text);
    if (policy !== null && (before === null || keeps(before, policy, draft)) && allowsAll(policy, draft.covered, nowMs))
      return text;
  }
  throw new PolicyEditError(
    "The base leaves no safe place for new entries. Suggest without a base, and merge the entries by hand.",
  );
}

/** Everything the base said stands as it stood; an entry that was extended begins as it was. */
function keeps(before: Policy, after: Policy, draft: Draft): boolean {
  const extended = new Set(draft.entries.filter((entry) => entry.extends).map((entry) => entry.key));
  const known = Object.entries(after.network_policies).flatMap(([key, entry]) => {
    const old = Object.hasOwn(before.network_policies, key) ? before.network_policies[key] : undefined;
    if (old === undefined) return [];
    return [[key, extended.has(key) ? { ...entry, endpoints: entry.endpoints.slice(0, old.endpoints.length) } : entry]];
  });
  return canonicalJson({ ...after, network_policies: Object.fromEntries(known) }) === canonicalJson(before);
}

function allowsAll(policy: Policy, covered: readonly Covered[], nowMs: number): boolean {
  const compiled = compileStrict(policy);
  return covered.every(({ program, host, port, method, path }) => {
    const request = { binary: program, host, port, ...(method === null || path === null ? {} : { method, path }) };
    return decide(compiled, request, nowMs).decision === "allow";
  });
}
