import { type Paint, printable } from "../../io.ts";
import type { RunSummary } from "./run-summary.ts";
import { part } from "./sentence.ts";

/** Told at every end until somebody moves it: a repository that nobody knows of is lost. */
export function repositoryLines({ repository }: Pick<RunSummary, "repository">, paint: Paint): string[] {
  if (repository === null) return [];
  const { path, workspace, hooks, settings, elsewhere } = repository;
  const named = (names: readonly string[]): string => (names.length === 0 ? "none" : part(names.join(", ")));
  const leads = elsewhere.length === 0 ? "" : `; to look into as well: ${part(elsewhere.join(", "))}`;
  return [
    "",
    paint("bold", "Its git repository is kept apart, so that your own git runs nothing that was put there:"),
    `  ${part(path)}`,
    `  hooks: ${named(hooks)}; settings beyond the usual: ${named(settings)}${leads}`,
    "  Later runs find it as .git. To make it yours, look at its hooks and its config, then:",
    `  mv ${quoted(path)} ${quoted(`${workspace}/.git`)}`,
  ];
}

const quoted = (path: string): string => `'${printable(path).replaceAll("'", "'\\''")}'`;
