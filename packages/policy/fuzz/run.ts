import { cedar } from "./cedar.ts";
import { growth } from "./growth.ts";
import { hostile } from "./hostile.ts";
import { mutateFor } from "./mutate-run.ts";
import type { FuzzOptions } from "./options.ts";
import { oracle } from "./oracle.ts";

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
