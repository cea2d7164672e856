import type { Figures } from "./measure.ts";

export interface Row extends Figures {
  name: string;
  /** What the ratio is taken of; without it the first row of the table. Null: no ratio. */
  base?: number | null;
  note?: string;
}

export interface Table {
  title: string;
  unit: string;
  rows: Row[];
}

/** What the project promises, with what was measured in this run. */
export interface Claim {
  claim: string;
  measured: string;
  holds: boolean;
}
