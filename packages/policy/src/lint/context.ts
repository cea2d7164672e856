/** What every check of the linter works with. */
import { type CompiledPolicy, compilePolicy } from "../engine/compile.ts";
import { decide } from "../engine/decide.ts";
import { PROBLEMS_MAX } from "../limits.ts";
import type { Endpoint, Policy } from "../model.ts";
import type { Place, PolicyRequest } from "../types.ts";
import type { Problems } from "../yaml/problems.ts";
import { type Code, severityOf } from "./codes.ts";
import { EndpointIndex, type Ref } from "./endpoints.ts";

export class Lint {
  readonly policy: Policy;
  readonly nowMs: number;
  readonly endpoints: EndpointIndex;
  private readonly compiled: CompiledPolicy;
  private readonly at: (field: string) => Place;
  private readonly problems: Problems;
  private readonly said = new Set<string>();

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
    return decide(this.compiled, request, this.nowMs).decision === "allow";
  }

  /** As many findings as are kept: looking for more would only cost time. */
  get full(): boolean {
    return this.problems.list.length >= PROBLEMS_MAX;
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
