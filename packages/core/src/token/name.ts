/**
 * Threat: whoever makes a key names it as somebody else, or so that it reads as something else than it is, and approvers and the
 * audit read that name. Invariant: a key is spoken of as `NAME (key of OWNER)`, and the name holds nothing that hides or turns that.
 */
import { visible } from "@creel/policy/visible";
import { visibleNameSchema } from "../limits.ts";

const NAME_CHARS_MAX = 64;
/** In whatever width: brackets belong to the owner. */
const hasBrackets = (name: string): boolean => /[()]/.test(name.normalize("NFKC"));

export const keyNameSchema = visibleNameSchema(NAME_CHARS_MAX).refine(
  (name) => !hasBrackets(name),
  "leave out round brackets: in them stands whose key it is",
);

/** How a key is called wherever it acts. Names that were given before there was a rule are shown with what they hide. */
export const labelOfKey = (key: { name: string; ownerLabel: string }): string =>
  `${visible(key.name)} (key of ${key.ownerLabel})`;
