import { visible } from "@creel/policy";

/** Of the agent's words in a change: it may write a thousand signs, and each could become six. */
const CLAIM_CHARS_MAX = 1_000;

/** Whatever a reader may take for the end of a quotation in double quotes. */
const DOUBLE = /[“”„‟«»〝〞〟❝❞❠⹂🙶🙷🙸＂″‶˝ˮʺ]/gu;
/** What else closes quotations; two of them beside each other look like a double one. */
const SINGLE = /[\p{Pi}\p{Pf}‚❛❜❟′‵ʼ]/gu;

/** The agent's reason as a part of what a person proposes: a claim, in quotes that it cannot close, on one line that it cannot end. */
export function claimOf(reason: string): string {
  const said = visible(reason.replaceAll(/\s+/g, " ").replaceAll(DOUBLE, '"').replaceAll(SINGLE, "'"));
  const short = said.length > CLAIM_CHARS_MAX ? `${said.slice(0, CLAIM_CHARS_MAX)}…` : said;
  return `The agent claims, and nobody has checked it: “${short}”`;
}
