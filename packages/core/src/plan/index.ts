export { claim, claimInput } from "./claim.ts";
export { desiredFor, desiredForInput } from "./desiredFor.ts";
export { get, getInput } from "./get.ts";
export { list, listInput } from "./list.ts";
export { markSent, markSentInput } from "./markSent.ts";
export { recordResult, recordResultInput } from "./recordResult.ts";
export { sweep, sweepInput } from "./sweep.ts";
