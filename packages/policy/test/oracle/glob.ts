/** Patterns by plain backtracking, from the page of meanings alone: slow, and short enough to be seen to be right. */

/** `separator` is `/` for paths and programs, `.` for hosts, empty for plain values. */
export function matches(pattern: string, text: string, separator: "/" | "." | ""): boolean {
  if (pattern === "") return text === "";
  // A whole segment `**` of a path may stand for no segment: `/**/` is then one slash.
  if (separator === "/" && pattern.startsWith("/**/") && matches(pattern.slice(3), text, separator)) return true;
  if (pattern.startsWith("**"))
    return tails(text, () => true).some((tail) => matches(pattern.slice(2), tail, separator));
  if (pattern.startsWith("*"))
    return tails(text, (char) => char !== separator).some((tail) => matches(pattern.slice(1), tail, separator));
  const [char] = text;
  if (char === undefined) return false;
  const rest = text.slice(char.length);
  if (pattern.startsWith("?")) return char !== separator && matches(pattern.slice(1), rest, separator);
  if (pattern.startsWith("[")) {
    const end = pattern.indexOf("]", 2);
    const body = pattern.slice(1, end);
    return char !== separator && inClass(body, char) && matches(pattern.slice(end + 1), rest, separator);
  }
  return pattern[0] === char && matches(pattern.slice(1), rest, separator);
}

/** The text itself and what is left of it after each further character that may be swallowed. */
function tails(text: string, may: (char: string) => boolean): string[] {
  const found = [text];
  for (let i = 0; i < text.length && may(text.charAt(i)); i++) found.push(text.slice(i + 1));
  return found;
}

function inClass(body: string, char: string): boolean {
  const negated = body.startsWith("!");
  const members = negated ? body.slice(1) : body;
  let inside = false;
  for (let i = 0; i < members.length; i++) {
    const from = members.charAt(i);
    if (members.charAt(i + 1) === "-" && i + 2 < members.length) {
      if (char >= from && char <= members.charAt(i + 2)) inside = true;
      i += 2;
    } else if (char === from) inside = true;
  }
  return inside !== negated;
}
