import { type Actor, CreelError } from "@creel/core";
import { tabIdentity } from "../../lib/tab.ts";

/**
 * Threat: a tab that stayed open shows one organization, and its cookie is by now another's: what is pressed there happens in the
 * wrong one, or what belongs to one is shown under the other's name. Invariant: a question that says as whom it is asked is answered
 * to nobody else. One that says nothing shows nothing of its own: it is judged by its cookie alone.
 */
export const isOtherTab = (said: string | null, actor: Actor | null): boolean =>
  said !== null && actor?.kind === "user" && said !== tabIdentity(actor);

export class OtherTabError extends CreelError {
  constructor() {
    super("conflict", "You are signed in as somebody else, or in another organization, by now. Load the page again.");
  }
}
