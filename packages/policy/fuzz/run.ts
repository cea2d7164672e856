import { cedar } from "./cedar.ts";
import { growth } from "./growth.ts";
import { hostile } from "./hostile.ts";
import { mutateFor } from "./mutate-run.ts";
import { oracle } from "./oracle.ts";

export interface FuzzOptions {
  command: string;
  minutes: number;
  seed: number;
  requests: number;
  /** Only this target; null is all. */
  target: string | null;
  /** Folder for texts that broke something. */
  keepIn: string;
}

/** The exit status: 0 when everything held. */
export async function run(options: FuzzOptions, say: (line: string) => void): Promise<number> {
  switch (options.command) {
    case "mutate":
      return mutateFor(options, say);
    case "growth":
      return growth(options, say) === 0 ? 0 : 1;
    case "hostile":
      return hostile(say, options.target) === 0 ? 0 : 1;
    case "cedar":
      return cedar(options, say) === 0 ? 0 : 1;
    case "oracle":
      return oracle(options, say) === 0 ? 0 : 1;
    default:
      say(`There is no command ${options.command}.`);
      return 2;
  }
}
