import { basename } from "node:path";
import { isNpx } from "./env.ts";
import { shellWord } from "./shell-word.ts";

const NAME = "creel";

/**
 * How this program was called, for lines that people paste into the same shell. `npx creel` only where npx itself started this very file:
 * elsewhere it would fetch whatever bears that name.
 */
export function commandName(): string {
  const script = process.argv[1] ?? NAME;
  if (basename(script) === NAME) return isNpx() && script.includes("/node_modules/.bin/") ? `npx ${NAME}` : NAME;
  return ["node", ...process.execArgv, script].map(shellWord).join(" ");
}
