/**
 * One meaning of "another case of the same letter", one code unit at a time: through upper to lower case, so that a letter with two
 * lower-case forms (long s, dotless i) folds with its neighbours. A letter that becomes several is left as it is.
 */

export function foldCode(code: number): number {
  if (code < 128) return code >= 65 && code <= 90 ? code + 32 : code;
  const upper = String.fromCharCode(code).toUpperCase();
  const lower = (upper.length === 1 ? upper : String.fromCharCode(code)).toLowerCase();
  return lower.length === 1 ? lower.charCodeAt(0) : code;
}

/** The text itself where nothing changes, which is most often. */
export function foldText(text: string): string {
  let upper = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code >= 128) return foldWide(text);
    if (code >= 65 && code <= 90) upper = true;
  }
  return upper ? text.toLowerCase() : text;
}

function foldWide(text: string): string {
  let folded = "";
  for (let at = 0; at < text.length; at++) folded += String.fromCharCode(foldCode(text.charCodeAt(at)));
  return folded;
}
