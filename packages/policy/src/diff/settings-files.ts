/** Files: what an agent may newly read or write, or no longer. A path stands for everything below it. */
import type { Policy } from "../model.ts";
import { setting } from "./setting.ts";
import type { RiskGrade, SettingChange } from "./types.ts";
import { listed } from "./words.ts";

interface Files {
  include_workdir: boolean;
  read_only: string[];
  read_write: string[];
}
const NOTHING: Files = { include_workdir: false, read_only: [], read_write: [] };

const trimmed = (path: string): string => (path.length > 1 ? path.replace(/\/+$/, "") : path);
/** Does `outer` hold `inner`, or is it the same? */
export const isWithin = (inner: string, outer: string): boolean => {
  const [a, b] = [trimmed(inner), trimmed(outer)];
  return a === b || b === "/" || a.startsWith(`${b}/`);
};
const uncovered = (paths: readonly string[], by: readonly string[]): string[] =>
  paths.filter((path) => !by.some((outer) => isWithin(path, outer)));

const SECRET_PLACE =
  /(^|\/)(\.ssh|\.aws|\.gnupg|\.kube|\.docker|\.config|shadow|secrets?|credentials?)(\/|$)|^\/(proc|sys|dev|root|home|run|boot)?(\/|$)/;
const PROGRAM_PLACE = /^\/(usr|bin|sbin|lib|lib64|etc|opt|boot|proc|sys|run|var\/run|root)(\/|$)/;

export function compareFilesystem(before: Policy, after: Policy): SettingChange[] {
  const [a, b] = [before.filesystem_policy ?? NOTHING, after.filesystem_policy ?? NOTHING];
  const changes: SettingChange[] = [];
  const readable = ({ read_only, read_write }: Files) => [...read_only, ...read_write];
  const add = (field: "read_only" | "read_write", effect: "widens" | "narrows", paths: readonly string[]) => {
    if (paths.length === 0) return;
    const verb = field === "read_only" ? "read" : "write";
    const grade = effect === "narrows" ? "low" : gradeOf(field, paths);
    changes.push(
      setting({
        field: `filesystem_policy.${field}`,
        effect,
        before: a[field],
        after: b[field],
        grade,
        reason: effect === "narrows" ? "An agent that relied on these files will fail." : reasonOf(field, grade),
        sentence: `The agent may ${effect === "widens" ? "newly" : "no longer"} ${verb} ${listed(paths)} and what lies below.`,
      }),
    );
  };
  const newlyWritable = uncovered(b.read_write, a.read_write);
  const noLongerWritable = uncovered(a.read_write, b.read_write);
  add("read_write", "widens", newlyWritable);
  add("read_write", "narrows", noLongerWritable);
  // What becomes writable is readable too; that need not be said twice.
  add("read_only", "widens", uncovered(b.read_only, readable(a)));
  add(
    "read_only",
    "narrows",
    uncovered(readable(a), readable(b)).filter(
      (path) => !noLongerWritable.includes(path) || a.read_only.includes(path),
    ),
  );
  if (a.include_workdir !== b.include_workdir)
    changes.push(
      setting({
        field: "filesystem_policy.include_workdir",
        effect: b.include_workdir ? "widens" : "narrows",
        before: a.include_workdir,
        after: b.include_workdir,
        grade: b.include_workdir ? "medium" : "low",
        reason: b.include_workdir
          ? "The agent may change the files it works on."
          : "The agent can no longer write its working directory.",
        sentence: `The working directory is ${b.include_workdir ? "now" : "no longer"} writable.`,
      }),
    );
  return changes;
}

function gradeOf(field: "read_only" | "read_write", paths: readonly string[]): RiskGrade {
  if (field === "read_only") return paths.some((path) => SECRET_PLACE.test(path)) ? "high" : "low";
  return paths.some((path) => PROGRAM_PLACE.test(path) || SECRET_PLACE.test(path)) ? "critical" : "medium";
}

const reasonOf = (field: "read_only" | "read_write", grade: RiskGrade): string =>
  field === "read_only"
    ? grade === "high"
      ? "Secrets of people or of the host often lie there."
      : "More files can be read, and what is read can be sent where the network policy allows."
    : grade === "critical"
      ? "Programs, settings or secrets lie there: who writes them decides what runs."
      : "More files can be changed.";
