import type { Turn } from "./plan.ts";

/** A turn with what every protocol's envelope needs. */
export interface Answer {
  id: string;
  model: string;
  /** Seconds since 1970. */
  created: number;
  turn: Turn;
  usage: { input: number; output: number };
}
