/**
 * Threat: an agent writes characters that nobody sees, or that turn a line round, into a path, a name or a reason, and somebody approves
 * something else than they read. Invariant: what is shown holds no such character; in its place stands its number.
 */

/**
 * Controls, format and private signs, halves of pairs, what is no character, line separators, fillers, and every space but the ordinary
 * one; and what Unicode calls a sign but is drawn as nothing: the empty Braille pattern, Khitan's filler, the head of no note, an object's
 * place.
 */
const NEVER_SEEN = String.raw`[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{NChar}\p{Zl}\p{Zp}\p{DI}\u2800\ufffc\u{16fe4}\u{1d159}]|(?! )\p{Zs}`;

/** Also what has no meaning yet: which that is depends on the Unicode of who reads, and so does what a font draws for it. */
const UNSEEN = new RegExp(String.raw`${NEVER_SEEN}|\p{Cn}`, "gu");

/**
 * For files, which every reader has to judge alike, whatever its Unicode: each character that is never seen, but tab and line ends, which
 * are the file's own.
 */
export const neverSeen = (): RegExp => new RegExp(String.raw`(?![\t\n\r])(?:${NEVER_SEEN})`, "gu");

function written(sign: string): string {
  const code = sign.codePointAt(0) ?? 0;
  return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, "0")}`;
}

/** One line, as it is meant to be read: `\u202e` where that character stands. */
export const visible = (text: string): string => text.replace(UNSEEN, written);

/** The same where line breaks are a part of what somebody wrote. */
export const visibleLines = (text: string): string => text.split(/\r?\n/).map(visible).join("\n");

/** Nothing in it has to be made visible. */
export const isVisible = (text: string): boolean => visible(text) === text;
