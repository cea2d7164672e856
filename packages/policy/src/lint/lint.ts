/** What reviewers miss: warnings about files that are valid and mean less, or more, than they seem to. */
import { openPolicy } from "../parse.ts";
import type { PolicyProblem } from "../types.ts";
import { Problems } from "../yaml/problems.ts";
import { fieldOf, Lint } from "./context.ts";
import { lintHttpDenies } from "./denies.ts";
import { lintBodyDenies } from "./deny-bodies.ts";
import { lintHost } from "./hosts.ts";
import { lintDuplicates, lintProduct } from "./product.ts";
import { lintPrograms } from "./programs.ts";
import { lintReach } from "./reach.ts";
import { lintCredentials, lintNeighbours } from "./routes.ts";
import { lintAudit, lintEntryHead, lintTests, lintTop } from "./top.ts";

/** Everything `parsePolicy` says, and for a valid file also what a reviewer may have missed. `nowMs` finds what has expired. */
export function lintPolicy(yamlText: string, nowMs: number): PolicyProblem[] {
  const { policy, problems, at } = openPolicy(yamlText);
  if (policy === null) return problems;
  const found = new Problems();
  const lint = new Lint({ policy, at }, nowMs, found);
  lintTests(lint, at);
  lintTop(lint);
  for (const [key, entry] of Object.entries(policy.network_policies)) {
    lint.begin("programs", `network_policies.${key}`);
    lintEntryHead(lint, key, entry);
    lintPrograms(lint, key, entry);
    lintProduct(lint, key, entry);
  }
  for (const ref of lint.endpoints.all) {
    if (!lint.begin("endpoints and deny rules", fieldOf(ref))) break;
    lintAudit(lint, ref);
    lintHost(lint, ref);
    lintReach(lint, ref);
    lintNeighbours(lint, ref);
    lintHttpDenies(lint, ref);
    lintBodyDenies(lint, ref);
  }
  lintDuplicates(lint);
  lintCredentials(lint);
  return [...problems, ...found.list].sort((a, b) => a.place.line - b.place.line || a.place.column - b.place.column);
}
