/** An entry allows every one of its programs every one of its endpoints. */
import { canonicalJson } from "../canonical/json.ts";
import type { PolicyEntry } from "../model.ts";
import { fieldOf, type Lint } from "./context.ts";
import type { Ref } from "./endpoints.ts";
import { tradeOfEndpoint, tradeOfProgram } from "./kinds.ts";
import { sampleCaller, sampleConnection } from "./samples.ts";

/** Pairs told of one entry; the reader needs to see what kind they are. */
const PAIRS_TOLD_MAX = 3;

/** Two trades in one entry, each with program and endpoint of its own: the crossed pairs were hardly meant. */
export function lintProduct(lint: Lint, key: string, entry: PolicyEntry): void {
  const programs = entry.binaries.flatMap((binary) => withTrade(binary, tradeOfProgram(binary.path)));
  const endpoints = entry.endpoints.flatMap((endpoint, index) =>
    withTrade({ key, index, entry, endpoint }, tradeOfEndpoint(endpoint.host, endpoint.ports)),
  );
  const both = new Set(
    programs.map(({ trade }) => trade).filter((trade) => endpoints.some((one) => one.trade === trade)),
  );
  if (both.size < 2) return;
  const crossed: string[] = [];
  let count = 0;
  for (const program of programs) {
    if (!lint.spend(endpoints.length)) return;
    for (const { of: ref, trade } of endpoints) {
      if (trade === program.trade || !both.has(trade) || !both.has(program.trade)) continue;
      if (++count > PAIRS_TOLD_MAX) continue;
      const request = sampleConnection(ref, sampleCaller(program.of));
      if (lint.allowed(request)) crossed.push(`${request.binary} to ${request.host}:${request.port}`);
    }
  }
  if (crossed.length === 0) return;
  lint.warn(
    "product_widened",
    `network_policies.${key}`,
    `Each program of the entry gets each endpoint, so it also allows ${crossed.join(", ")}${count > crossed.length ? ` and ${count - crossed.length} more such pairs` : ""}.`,
    "Split the entry: one for each kind of program, with the endpoints that it needs.",
  );
}

const withTrade = <T>(of: T, trade: string | null): { of: T; trade: string }[] =>
  trade === null ? [] : [{ of, trade }];

/** The same program and endpoint in two places: a change of one leaves the other in force. */
export function lintDuplicates(lint: Lint): void {
  const entries = new Map<PolicyEntry, string[]>();
  for (const refs of sameEndpoints(lint)) {
    const seen = new Map<string, Ref>();
    for (const ref of refs) {
      if (!lint.begin("duplicates", fieldOf(ref))) return;
      const marks = entries.get(ref.entry) ?? ref.entry.binaries.map((binary) => canonicalJson(binary));
      entries.set(ref.entry, marks);
      const told = new Set<string>();
      for (const [index, mark] of marks.entries()) {
        const first = seen.get(mark);
        if (!lint.spend(1)) return;
        if (first === undefined) seen.set(mark, ref);
        else if (first.endpoint !== ref.endpoint && !told.has(first.key)) {
          told.add(first.key);
          lint.warn(
            "duplicate_endpoint",
            fieldOf(ref),
            `Entry \`${first.key}\` gives ${ref.entry.binaries[index]?.path ?? ""} the very same endpoint; removing one would change nothing.`,
            "Keep one of the two.",
          );
        }
      }
    }
  }
}

/** Endpoints that are alike, with the conditions of their entries, in groups of two and more, in the order of the file. */
function sameEndpoints(lint: Lint): Ref[][] {
  const groups = new Map<string, Ref[]>();
  for (const ref of lint.endpoints.all) {
    const { endpoint, entry } = ref;
    const mark = canonicalJson([endpoint, entry.expires_at ?? null, entry.request ?? null]);
    const group = groups.get(mark);
    if (group === undefined) groups.set(mark, [ref]);
    else group.push(ref);
  }
  return [...groups.values()].filter((refs) => refs.length > 1);
}
