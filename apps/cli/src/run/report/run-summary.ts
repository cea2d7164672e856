import type { SandboxLimits } from "@creel/policy";
import type { NewRepository } from "../repository.ts";
import type { Allowing } from "./allow.ts";
import type { Ending } from "./ending.ts";
import type { Place, Refusal, Totals } from "./tally.ts";
import type { Unreached } from "./unreached.ts";

/** What is told at a run's end. */
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
