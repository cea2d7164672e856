/** What every check of the linter works with. */
import { compilePolicy } from "../engine/compile.ts";
import type { CompiledPolicy } from "../engine/compiled.ts";
import { decide } from "../engine/decide.ts";
import { PROBLEMS_MAX } from "../limits.ts";
import type { Endpoint, Policy } from "../model.ts";
import type { Place, PolicyRequest } from "../types.ts";
import type { Problems } from "../yaml/problems.ts";
import { type Code, severityOf } from "./codes.ts";
import { EndpointIndex, type Ref } from "./endpoints.ts";

/**
 * What one run does at most, in units of about a microsecond. Threat: a file of some hundred kilobytes whose products of programs, ports
 * and endpoints take minutes, on a node or in a browser. Ten thousand ordinary entries take a tenth of it.
 */
export const LINT_WORK_MAX = 4_000_000;
/** One judgement beside one comparison. */
const JUDGEMENT_WORK = 20;

/** The parts of a run, in their order. */
const PARTS = ["programs", "endpoints and deny rules", "duplicates", "credentials"] as const;
type Part = (typeof PARTS)[number];

export class Lint {
  readonly policy: Policy;
  readonly nowMs: number;
  readonly endpoints: EndpointIndex;
  private readonly compiled: CompiledPolicy;
  private readonly at: (field: string) => Place;
  private readonly problems: Problems;
  private readonly said = new Set<string>();
  private looking: { part: Part; field: string } = { part: "programs", field: "" };
  private work = 0;
  private stopped = false;

  constructor(file: { policy: Policy; at(field: string): Place }, nowMs: number, problems: Problems) {
    this.policy = file.policy;
    this.at = file.at;
    this.nowMs = nowMs;
    this.problems = problems;
    this.endpoints = new EndpointIndex(file.policy);
    // What the rules mean, whatever softens them for now and whatever the node can run.
    this.compiled = compilePolicy({ ...file.policy, mode: "enforce", network_middlewares: {} });
  }

  /** Is the request allowed by the rules? A finding that shows a request has asked this. */
  allowed(request: PolicyRequest): boolean {
    if (!this.spend(JUDGEMENT_WORK)) return false;
    return decide(this.compiled, request, this.nowMs).decision === "allow";
  }

  /** As many findings as are kept, or as much work as is done: nothing more is looked at. */
  get full(): boolean {
    return this.stopped || this.problems.list.length >= PROBLEMS_MAX;
  }

  /** Whether there is anything left to look with at this place of the file. */
  begin(part: Part, field: string): boolean {
    this.looking = { part, field };
    return !this.full;
  }

  /** False once the work is more than one run does; the file is then told so once. */
  spend(work: number): boolean {
    if (this.stopped) return false;
    this.work += work;
    if (this.work <= LINT_WORK_MAX) return true;
    this.stopped = true;
    const { part, field } = this.looking;
    const rest = PARTS.slice(PARTS.indexOf(part) + 1);
    this.warn(
      "lint_stopped",
      field,
      `The file pairs more programs, ports and endpoints than the linter compares. From here on its ${part} were not looked at${rest.length === 0 ? "" : `, nor its ${rest.join(" and ")}`}.`,
      "Split the entries, or the file, so that a person can review them as well.",
    );
    return false;
  }

  warn(code: Code, field: string, message: string, remedy: string): void {
    if (severityOf(code) === "error") this.problems.error(code, this.at(field), message, remedy);
    else this.problems.warn(code, this.at(field), message, remedy);
  }

  /** The same finding once for each subject: a reviewer needs one example of a hole, not all. */
  warnOnce(code: Code, subject: string, field: string, message: string, remedy: string): void {
    const mark = `${code} ${subject}`;
    if (this.said.has(mark)) return;
    this.said.add(mark);
    this.warn(code, field, message, remedy);
  }
}

export const fieldOf = ({ key, index }: Pick<Ref, "key" | "index">): string =>
  `network_policies.${key}.endpoints[${index}]`;
export const isInspected = ({ protocol }: Endpoint): boolean => protocol !== undefined && protocol !== "tcp";
