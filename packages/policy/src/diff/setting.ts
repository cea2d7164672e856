/** One changed setting, from its parts. */
import { canonicalJson } from "../canonical/json.ts";
import type { RiskGrade, SettingChange } from "./types.ts";

export interface SettingInput {
  field: string;
  effect: SettingChange["effect"];
  before: unknown;
  after: unknown;
  grade: RiskGrade;
  reason: string;
  sentence: string;
}

export const setting = ({ grade, reason, before, after, ...rest }: SettingInput): SettingChange => ({
  ...rest,
  before: before ?? null,
  after: after ?? null,
  risk: { grade, reasons: [reason] },
});

export const same = (a: unknown, b: unknown): boolean => canonicalJson(a ?? null) === canonicalJson(b ?? null);
