/** An entry allows every one of its programs every one of its endpoints. */
import { canonicalJson } from "../canonical/json.ts";
import type { Binary, PolicyEntry } from "../model.ts";
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
  for (const program of programs)
    for (const { of: ref, trade } of endpoints) {
      if (trade === program.trade || !both.has(trade) || !both.has(program.trade)) continue;
      const request = sampleConnection(ref, sampleCaller(program.of));
      if (++count > PAIRS_TOLD_MAX || !lint.allowed(request)) continue;
      crossed.push(`${request.binary} to ${request.host}:${request.port}`);
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
  const seen = new Map<string, { ref: Ref; entry: string }>();
  for (const ref of lint.endpoints.all) {
    const told = new Set<string>();
    for (const binary of ref.entry.binaries) {
      const mark = markOf(ref, binary);
      const first = seen.get(mark);
      if (first === undefined) seen.set(mark, { ref, entry: ref.key });
      else if (first.ref.endpoint !== ref.endpoint && !told.has(first.entry)) {
        told.add(first.entry);
        lint.warn(
          "duplicate_endpoint",
          fieldOf(ref),
          `Entry \`${first.entry}\` gives ${binary.path} the very same endpoint; removing one would change nothing.`,
          "Keep one of the two.",
        );
      }
    }
  }
}

const markOf = ({ endpoint, entry }: Ref, binary: Binary): string =>
  canonicalJson([binary, endpoint, entry.expires_at ?? null, entry.request ?? null]);
