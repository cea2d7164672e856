/** Every warning and error that lint adds to those of reading, as data for the documentation. */

export interface LintCode {
  code: string;
  severity: "error" | "warning";
  /** What it finds, as a sentence. */
  finds: string;
}

export const lintCodes: readonly LintCode[] = [];
