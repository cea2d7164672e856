/** Every finding of the linter, as data for the documentation. What reading a file refuses stands in `check/codes.ts`. */

export interface LintCode {
  code: string;
  severity: "error" | "warning";
  /** What it finds, as a sentence. */
  finds: string;
}

const TABLE = [
  ["any_binary", "A program pattern that names every program, also one the agent writes itself."],
  ["audit_only", "An endpoint with `enforcement: audit`, which only records what it would deny."],
  ["credential_plain_http", "A credential that goes to port 80, where everybody on the way can read it."],
  ["credential_uninspected", "A credential whose target some entry reaches without inspection."],
  ["credential_unreachable", "A credential whose target no entry reaches."],
  ["credential_wide_endpoint", "Credential fields on an endpoint whose host is a pattern."],
  ["deny_argument_spelling", "An MCP deny by a path in an argument, where another spelling of the path is allowed."],
  ["deny_longer_path", "A deny rule whose path ends where allowed paths go on."],
  ["deny_operation_name", "A GraphQL deny by the operation's name, which the caller chooses."],
  ["deny_other_method", "A deny of one writing method where another is allowed on the same path."],
  ["deny_other_port", "A deny that another port of the same host lacks."],
  ["deny_other_program", "A deny that an entry for another program, same host and port, lacks."],
  ["deny_query_in_body", "A deny by query parameter where the same parameter may stand in the body."],
  ["deny_sibling_host", "A deny for one host where a host pattern allows its neighbours the same request."],
  ["deny_single_segment", "A deny whose `*` stands for one segment where real paths may have two."],
  ["deny_tool_variant", "An MCP deny by tool name where another spelling is allowed."],
  ["deny_without_effect", "A deny of what nothing allows."],
  ["duplicate_endpoint", "The same program and endpoint in two places."],
  ["encoded_slash_with_deny", "A deny that a path with encoded slashes slips past."],
  ["expired", "An entry whose `expires_at` lies in the past."],
  ["general_tool", "A program that carries any bytes, with an endpoint that does not limit them."],
  ["inherit_wide", "`inherit: true` on a shell, an interpreter or a program that starts others."],
  ["inherit_without_effect", "`inherit` beside `sha256` or `script`, where it does nothing."],
  ["interpreter", "A shell, or an interpreter that may do more than read, without `script`."],
  ["interpreter_glob", "A program pattern that also names shells or interpreters."],
  ["limits_not_judged", "`limits`, which the gateway counts and a single decision does not."],
  ["lint_stopped", "A file that takes more comparisons than the linter makes; what follows was not looked at."],
  ["middleware_missing", "A fail-closed middleware; where it cannot run, its hosts are denied."],
  ["monitor_forever", "Monitor mode without an end."],
  ["monitor_over", "Monitor mode whose end lies in the past."],
  ["never_reached", "An endpoint that is always denied or never looked at."],
  [
    "product_widened",
    "An entry whose programs and endpoints belong to several trades, so that pairs are open that nobody asked for.",
  ],
  ["protocols_differ", "An endpoint that judges bodies beside one that lets any body pass."],
  ["rule_behind_selector", "A rule on a path for which an endpoint with a longer `path` speaks alone."],
  ["rule_denied", "A rule that a deny rule covers wholly."],
  ["rule_never_needed", "A rule that another rule or access preset contains."],
  ["rule_outside_path", "A rule whose path lies outside its endpoint's `path`."],
  ["selector_slipped", "An endpoint whose `path` ends where a wider endpoint allows what lies below."],
  ["shared_domain", "A host pattern under a domain where anybody can get a name."],
  ["test_failed", "One of the file's own tests that fails."],
  ["uninspected_beside", "An inspected endpoint whose program reaches the same host and port without inspection."],
  ["uninspected_credentials", "`allow_uninspected_credentials`, by which credentials leave where nothing looks."],
  ["wide_uninspected", "A host pattern that is reachable without inspection."],
  ["writable_binary", "A program in a directory that the agent can write, without a pin."],
] as const satisfies readonly (readonly [string, string])[];

export type Code = (typeof TABLE)[number][0];

/** A file whose own tests fail cannot be proposed; everything else is for a person to weigh. */
export const severityOf = (code: Code): LintCode["severity"] => (code === "test_failed" ? "error" : "warning");

export const lintCodes: readonly LintCode[] = TABLE.map(([code, finds]) => ({
  code,
  severity: severityOf(code),
  finds,
}));
