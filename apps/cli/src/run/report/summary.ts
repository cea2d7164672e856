/** What a run reached and what it was denied, on one screen, for whoever started it; the same as data under `--json`. */
import { existsSync } from "node:fs";
import type { SandboxLimits } from "@creel/policy";
import { type Paint, printable } from "../../io.ts";
import { counted } from "../../policy/view/table.ts";
import { shellWord } from "../../shell-word.ts";
import type { NewRepository } from "../repository.ts";
import type { Allowing } from "./allow.ts";
import { duration, type Ending } from "./ending.ts";
import { limitOfDenial } from "./limit-met.ts";
import { part, targetOf } from "./sentence.ts";
import type { Place, Refusal, Totals } from "./tally.ts";
import { codeOf, explainUnreached, type Unreached } from "./unreached.ts";

/** One screen: what is longer is counted, and `--decisions` has it all. */
const PLACES_SHOWN_MAX = 8;
const REFUSALS_SHOWN_MAX = 8;
const YAML_LINES_SHOWN_MAX = 40;
const LEFT_SHOWN_MAX = 4;

export interface RunSummary {
  /** Made by the command, kept apart. */
  repository: NewRepository | null;
  exitCode: number;
  seconds: number;
  ending: Ending | null;
  /** Limits that the command met and went on, in words. */
  limitsMet: string[];
  /** Of the policy. */
  limits: SandboxLimits | undefined;
  monitor: boolean;
  totals: Totals;
  reached: Place[];
  /** Allowed, and yet not reached. */
  unreached: Unreached[];
  refused: Refusal[];
  allowing: Allowing | null;
  /** The policy file as it was given; null when there was none. */
  policyFile: string | null;
  decisionsFile: string | null;
  /** By which `creel policy allow` finds what was refused. */
  keptAs: string | null;
  /** How this program was called, so that a line can be pasted: `creel`, `npx creel`, … */
  commandName: string;
}

/** Nothing to tell: the command reached nothing, was denied nothing, made no repository and ended by itself. */
export const isUneventful = ({ totals, ending, limitsMet, repository }: RunSummary): boolean =>
  ending === null &&
  limitsMet.length === 0 &&
  repository === null &&
  totals.allowed + totals.denied + totals.wouldDeny === 0;

export function summaryLines(summary: RunSummary, paint: Paint): string[] {
  const { totals } = summary;
  const lines = [paint("bold", `creel: ${headline(summary)}`)];
  for (const words of summary.limitsMet) lines.push(paint("yellow", `  ${part(words)}`));
  if (summary.reached.length > 0) lines.push("", ...reachedLines(summary.reached, paint));
  if (summary.unreached.length > 0) lines.push("", ...unreachedLines(summary.unreached, paint));
  if (summary.refused.length > 0) lines.push(...refusedLines(summary, paint));
  if (totals.unlisted > 0) lines.push(`  … and ${counted(totals.unlisted, "decision")} beyond what is kept here`);
  lines.push(...allowLines(summary, paint), ...nextSteps(summary), ...repositoryLines(summary, paint));
  return lines;
}

function headline({ exitCode, seconds, ending, totals }: RunSummary): string {
  const words = [
    ending === null
      ? `exit code ${exitCode} after ${duration(Math.max(1, seconds))}`
      : `${ending.sentence} (exit code ${exitCode})`,
    `${totals.allowed} allowed${totals.unreached > 0 ? ` (${totals.unreached} not reached)` : ""}`,
    `${totals.denied} denied`,
  ];
  if (totals.wouldDeny > 0) words.push(`${totals.wouldDeny} would have been denied`);
  return words.join(" · ");
}

function reachedLines(reached: readonly Place[], paint: Paint): string[] {
  const shown = reached.slice(0, PLACES_SHOWN_MAX);
  const width = Math.max(...shown.map((place) => part(`${place.host}:${place.port}`).length));
  const lines = shown.map((place) => {
    const { host, port, requests, connections, bytesIn, bytesOut, programs } = place;
    const count = requests > 0 ? counted(requests, "request") : counted(connections, "connection");
    const traffic = `${size(bytesOut)} out, ${size(bytesIn)} in`;
    return `  ${part(`${host}:${port}`).padEnd(width)}  ${count}, ${traffic}  ${paint("dim", part(programs.join(", ")))}`;
  });
  if (reached.length > shown.length) lines.push(`  … and ${counted(reached.length - shown.length, "further place")}`);
  return [paint("green", "Reached:"), ...lines];
}

const UNITS = ["B", "KiB", "MiB", "GiB"] as const;
function size(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || value >= 10 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

function unreachedLines(unreached: readonly Unreached[], paint: Paint): string[] {
  const shown = unreached.slice(0, PLACES_SHOWN_MAX);
  const lines = shown.flatMap((place) => {
    const { what, remedy } = explainUnreached(place);
    const code = codeOf(place);
    const times = place.count > 1 ? ` ×${place.count}` : "";
    return [
      `  ${part(`${place.host}:${place.port}`)}${times}: ${part(what)}${code === null ? "" : ` (${code})`}`,
      ...(remedy === null ? [] : [paint("dim", `    ${printable(remedy)}`)]),
    ];
  });
  const rest = unreached.length - shown.length;
  if (rest > 0) lines.push(`  … and ${counted(rest, "further place")}`);
  return [paint("yellow", "Allowed, but not reached:"), ...lines];
}

/** What was denied, and apart from it what only would have been. */
function refusedLines({ refused, limits }: Pick<RunSummary, "refused" | "limits">, paint: Paint): string[] {
  const denied = refused.filter(({ decision }) => decision === "deny");
  const watched = refused.filter(({ decision }) => decision === "would_deny");
  return [
    ...(denied.length === 0 ? [] : ["", paint("red", "Denied:"), ...kindsOf(denied, limits, paint)]),
    ...(watched.length === 0
      ? []
      : ["", paint("yellow", "Would be denied without monitor mode:"), ...kindsOf(watched, limits, paint)]),
  ];
}

function kindsOf(refused: readonly Refusal[], limits: SandboxLimits | undefined, paint: Paint): string[] {
  const shown = refused.slice(0, REFUSALS_SHOWN_MAX);
  const lines = shown.flatMap((refusal) => {
    const times = refusal.count > 1 ? ` ×${refusal.count}` : "";
    const who = refusal.program === null ? "" : ` for ${part(refusal.program)}`;
    const field = limitOfDenial(refusal, limits);
    const by = refusal.rule === null ? "" : ` [${part(refusal.rule)}]`;
    return [
      `  ${targetOf(refusal)}${who}${times}`,
      paint("dim", `    ${part(refusal.reason)}${by}${field === null ? "" : ` → ${part(field)}`}`),
    ];
  });
  if (refused.length > shown.length)
    lines.push(`  … and ${counted(refused.length - shown.length, "further kind")} of requests`);
  return lines;
}

function allowLines({ allowing, policyFile, keptAs, commandName }: RunSummary, paint: Paint): string[] {
  if (allowing === null) return [];
  const lines: string[] = [];
  if (allowing.lines.length > 0) {
    const file = policyFile ?? freeName();
    // A path that is masked or cut would be another one when it is pasted.
    const pasted = keptAs !== null && part(file) === file;
    if (pasted) {
      const command = `${commandName} policy allow ${keptAs} --policy ${shellWord(file)}`;
      lines.push("", paint("bold", "To allow this:"), `  ${paint("cyan", command)}`);
      const then =
        policyFile === null ? `makes ${part(file)}, for the next run's --policy` : "adds to what stands there";
      lines.push("", paint("bold", `It ${then}:`));
    } else {
      const where = policyFile === null ? `save this as ${file} and give it with --policy` : `merge into ${part(file)}`;
      lines.push("", paint("bold", `To allow this, ${where}:`));
    }
    const shown = allowing.lines.slice(0, YAML_LINES_SHOWN_MAX);
    for (const { text, isNew } of shown) lines.push(`  ${paint(isNew ? "cyan" : "dim", printable(text))}`);
    const rest = allowing.lines.length - shown.length;
    if (rest > 0) lines.push(`  … and ${counted(rest, "further line")}${pasted ? ", which the command prints" : ""}`);
  }
  if (allowing.refused.length > 0) {
    lines.push("", "No rule is offered for:");
    for (const { target, reason } of allowing.refused.slice(0, LEFT_SHOWN_MAX))
      lines.push(`  ${part(target)}: ${paint("dim", part(reason))}`);
    const rest = allowing.refused.length - LEFT_SHOWN_MAX;
    if (rest > 0) lines.push(`  … and ${counted(rest, "further kind")} of requests`);
  }
  return lines;
}

/** Told at every end until somebody moves it: a repository that nobody knows of is lost. */
function repositoryLines({ repository }: RunSummary, paint: Paint): string[] {
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

/** A policy that lies here is not used unasked, nor added to unasked. */
const freeName = (): string => POLICY_NAMES.find((name) => !existsSync(name)) ?? "my-policy.yaml";
const POLICY_NAMES = ["policy.yaml", "creel-policy.yaml", "run-policy.yaml"];

const quoted = (path: string): string => `'${printable(path).replaceAll("'", "'\\''")}'`;

function nextSteps({ policyFile, decisionsFile, refused, monitor }: RunSummary): string[] {
  if (refused.length === 0) return [];
  const base = policyFile === null ? "" : ` --base ${part(policyFile)}`;
  if (monitor)
    return [
      "",
      decisionsFile === null
        ? "Run it again with --decisions decisions.jsonl, then: creel policy suggest decisions.jsonl"
        : `The least policy for all of it: creel policy suggest ${part(decisionsFile)}${base}`,
    ];
  if (policyFile === null)
    return ["", "See it all first, denying nothing: creel run --monitor --decisions decisions.jsonl -- …"];
  return ["", `Check it: creel policy lint ${part(policyFile)}`];
}
