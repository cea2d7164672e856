/**
 * What changed, gathered into lines that a person can read. Threat: a sandbox that fills the report so that nobody sees what matters.
 * Invariant: memory is bounded whatever the journal; what finds no place is counted.
 */

import { GROUPS_MAX, GROUPS_PER_SANDBOX_MAX, PATHS_PER_TARGET_MAX, ROWS_MAX } from "./limits.ts";
import { pathOnly, pathShape } from "./path-shape.ts";
import { asPolicyRequest } from "./recorded.ts";
import type { RecordedRequest, ReplayGroup, ReplayResult } from "./types.ts";

export type ChangeKind = ReplayGroup["kind"];

export interface Change {
  kind: ChangeKind;
  record: RecordedRequest;
  ruleBefore: string | null;
  ruleAfter: string | null;
  reason: string;
}

interface Row {
  broken: number;
  opened: number;
  uncertain: number;
}
interface Group extends ReplayGroup {
  firstMs: number;
  lastMs: number;
  /** The glob that stands for the group once a second path is in it. */
  shape: string | null;
}

export interface Groups {
  add(change: Change): void;
  result(): Pick<ReplayResult, "groups" | "bySandbox" | "byRule" | "ungrouped">;
}

/** Stands for the paths of a target beyond those shown one by one. */
const ANY_PATH = "/**";

export function createGroups(): Groups {
  const groups = new Map<string, Group>();
  const perSandbox = new Map<string | null, number>();
  const pathsOf = new Map<string, number>();
  const sandboxes = new Map<string | null, Row>();
  const rules = new Map<string | null, Row>();
  let ungrouped = 0;

  /** The group of this change, or null when it has no place. */
  function groupOf(change: Change): Group | null {
    const { record } = change;
    const sandbox = record.sandbox ?? null;
    const target =
      `${change.kind} ${record.port} ${part(sandbox)} ${part(record.binary?.path)} ${part(record.host)} ` +
      `${part(record.method)} ${part(change.ruleBefore)} ${part(change.ruleAfter)} `;
    const path = record.path == null ? null : pathOnly(record.path);
    let shape = path === null ? null : pathShape(path);
    let key = `${target}${shape ?? ""}`;
    const known = groups.get(key);
    if (known !== undefined) return known;
    const shown = pathsOf.get(target) ?? 0;
    if (shape !== null && shown >= PATHS_PER_TARGET_MAX) {
      shape = ANY_PATH;
      key = `${target}${shape}`;
      const wide = groups.get(key);
      if (wide !== undefined) return wide;
    }
    const ofSandbox = perSandbox.get(sandbox) ?? 0;
    if (groups.size >= GROUPS_MAX || ofSandbox >= GROUPS_PER_SANDBOX_MAX) return null;
    const group = newGroup(change, path, shape);
    groups.set(key, group);
    perSandbox.set(sandbox, ofSandbox + 1);
    pathsOf.set(target, shown + 1);
    return group;
  }

  return {
    add(change) {
      const group = groupOf(change);
      if (group !== null) extend(group, change.record);
      const sandboxRow = rowOf(sandboxes, change.record.sandbox ?? null);
      const ruleRow = rowOf(rules, change.ruleAfter ?? change.ruleBefore);
      if (sandboxRow !== null) sandboxRow[change.kind]++;
      if (ruleRow !== null) ruleRow[change.kind]++;
      if (group === null || sandboxRow === null || ruleRow === null) ungrouped++;
    },
    result: () => ({
      groups: [...groups.values()].sort(mostFrequent).map(asResult),
      bySandbox: sorted(sandboxes).map(([sandbox, row]) => ({ sandbox, ...row })),
      byRule: sorted(rules).map(([rule, row]) => ({ rule, ...row })),
      ungrouped,
    }),
  };
}

/** A text with its length, so that no two lists of texts make one key. */
const part = (text: string | null | undefined): string =>
  text === null || text === undefined ? "-" : `${text.length}:${text}`;

function newGroup(change: Change, path: string | null, shape: string | null): Group {
  const { record } = change;
  return {
    kind: change.kind,
    sandbox: record.sandbox ?? null,
    binary: record.binary?.path ?? "",
    host: record.host,
    port: record.port,
    method: record.method ?? null,
    path: shape === ANY_PATH ? ANY_PATH : path,
    shape,
    ruleBefore: change.ruleBefore,
    ruleAfter: change.ruleAfter,
    reason: change.reason,
    count: 0,
    firstTime: record.time,
    lastTime: record.time,
    firstMs: Number.POSITIVE_INFINITY,
    lastMs: Number.NEGATIVE_INFINITY,
    example: asPolicyRequest(record),
  };
}

function extend(group: Group, record: RecordedRequest): void {
  group.count++;
  const ms = Date.parse(record.time);
  if (ms < group.firstMs) {
    group.firstMs = ms;
    group.firstTime = record.time;
  }
  if (ms > group.lastMs) {
    group.lastMs = ms;
    group.lastTime = record.time;
  }
  if (group.path !== group.shape && record.path != null && pathOnly(record.path) !== group.path)
    group.path = group.shape;
}

const asResult = ({ firstMs: _first, lastMs: _last, shape: _shape, ...group }: Group): ReplayGroup => group;

function rowOf(rows: Map<string | null, Row>, key: string | null): Row | null {
  const known = rows.get(key);
  if (known !== undefined) return known;
  if (rows.size >= ROWS_MAX) return null;
  const row: Row = { broken: 0, opened: 0, uncertain: 0 };
  rows.set(key, row);
  return row;
}

const KINDS: readonly ChangeKind[] = ["opened", "broken", "uncertain"];
/** By count; of equals what lets something through stands before what breaks, then the order of first sight. */
const mostFrequent = (a: Group, b: Group): number =>
  b.count - a.count || KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || a.firstMs - b.firstMs || 0;

const sum = (row: Row): number => row.broken + row.opened + row.uncertain;
const sorted = (rows: ReadonlyMap<string | null, Row>): [string | null, Row][] =>
  [...rows].sort(([a, x], [b, y]) => sum(y) - sum(x) || ((a ?? "") < (b ?? "") ? -1 : (a ?? "") > (b ?? "") ? 1 : 0));
