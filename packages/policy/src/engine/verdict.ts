/** What a judgement found, before monitor mode and audit soften it. */
export interface Verdict {
  allowed: boolean;
  rule: string | null;
  reason: string;
  /** A denial that no monitor or audit mode softens: what protects the host itself. */
  hard: boolean;
  /** The deciding endpoint has `enforcement: audit`. */
  audit: boolean;
  /** Denied because nothing names it, and not because something says so: an exception may allow it. */
  unnamed?: boolean;
}

export const allow = (rule: string, reason: string): Verdict => ({
  allowed: true,
  rule,
  reason,
  hard: false,
  audit: false,
});
export const deny = (rule: string | null, reason: string, audit = false): Verdict => ({
  allowed: false,
  rule,
  reason,
  hard: false,
  audit,
});
export const denyHard = (rule: string | null, reason: string): Verdict => ({
  allowed: false,
  rule,
  reason,
  hard: true,
  audit: false,
});
/** No rule speaks of it. */
export const denyUnnamed = (rule: string | null, reason: string, audit = false): Verdict => ({
  ...deny(rule, reason, audit),
  unnamed: true,
});
