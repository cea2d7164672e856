/**
 * Rules that judge a body, by what they name: tools and methods of calls, fields and names of operations. Threat: a batch or a query of
 * thousands of fields against thousands of rules. Invariant: each rule that could hold is found, in the order of the file.
 */
import { foldText } from "../glob/fold.ts";
import { GlobSet } from "../glob/set.ts";
import { hasWildcard } from "../glob.ts";
import { type ClauseList, type CompiledClause, toolOf } from "./clause.ts";

const TOOL_CALL = "tools/call";
/** Up to here looking at all of them is cheaper. */
const LOOKED_AT_MAX = 8;

export class BodyIndex {
  private readonly all: readonly CompiledClause[];
  private readonly deny: boolean;
  private readonly tools: GlobSet<CompiledClause>;
  private readonly fields: GlobSet<CompiledClause>;
  private readonly names: GlobSet<CompiledClause>;
  private readonly methods = new Map<string, CompiledClause[]>();
  private readonly rest: CompiledClause[] = [];
  /** Some rule names a tool or its arguments. */
  readonly namesTools: boolean;

  constructor({ all }: ClauseList, { deny }: { deny: boolean }) {
    this.all = all;
    this.deny = deny;
    this.namesTools = all.some(({ source }) => toolOf(source) !== undefined || source.params !== undefined);
    const set = () => new GlobSet<CompiledClause>({ separator: "", ignoreCase: deny });
    this.tools = set();
    this.fields = set();
    this.names = set();
    if (all.length > LOOKED_AT_MAX) for (const clause of all) this.place(clause);
  }

  private place(clause: CompiledClause): void {
    const { fields, operation_name: name, method } = clause.source;
    const tool = toolOf(clause.source);
    // Tools are called by one method alone; a rule that says otherwise is looked at always.
    const callsTools = method === undefined || foldText(method) === TOOL_CALL;
    if (tool !== undefined && callsTools) addAll(this.tools, typeof tool === "string" ? [tool] : tool.any, clause);
    else if (fields !== undefined) addAll(this.fields, fields, clause);
    else if (name !== undefined) this.names.add(name, clause);
    else if (method !== undefined && tool === undefined && !hasWildcard(method)) {
      const key = this.keyOf(method);
      const same = this.methods.get(key);
      if (same === undefined) this.methods.set(key, [clause]);
      else same.push(clause);
    } else this.rest.push(clause);
  }

  /** `tool` is whatever stands there: a deny holds for one that cannot be read. */
  forCall(method: string, tool: unknown): readonly CompiledClause[] {
    const unreadable = this.deny && typeof tool !== "string" && foldText(method) === TOOL_CALL;
    if (this.all.length <= LOOKED_AT_MAX || unreadable) return this.all;
    const found = [...this.rest, ...(this.methods.get(this.keyOf(method)) ?? [])];
    if (typeof tool === "string") for (const { items } of this.tools.find([tool])) found.push(...items);
    return inOrder(found);
  }

  forOperation(name: string | null, fields: readonly string[]): readonly CompiledClause[] {
    const anyName = this.deny && name === null && !this.names.isEmpty;
    if (this.all.length <= LOOKED_AT_MAX || anyName || fields.length === 0) return this.all;
    const found = [...this.rest];
    // An allow must cover every field, so also the first; a deny any of them.
    for (const { items } of this.fields.find(this.deny ? fields : fields.slice(0, 1))) found.push(...items);
    if (name !== null) for (const { items } of this.names.find([name])) found.push(...items);
    return inOrder(found);
  }

  private keyOf(method: string): string {
    return this.deny ? foldText(method) : method;
  }
}

function addAll(set: GlobSet<CompiledClause>, globs: readonly string[], clause: CompiledClause): void {
  for (const glob of new Set(globs)) set.add(glob, clause);
}

/** Each once: a rule may be found by several of its patterns. */
const inOrder = (found: CompiledClause[]): CompiledClause[] =>
  found.length < 2 ? found : [...new Set(found)].sort((a, b) => a.index - b.index);
