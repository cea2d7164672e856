import type { Random } from "./random.ts";

/** Code points that readers have disagreed about: line ends, invisible marks, look-alikes, half pairs, digits of other scripts. */
const STRANGE = [
  "\u0000",
  "\u0085",
  "\u00a0",
  "\u00ad",
  "\u200b",
  "\u2028",
  "\u202e",
  "\u3002",
  "\ufeff",
  "\ufffd",
  "\uff0e",
  "\uff0f",
  "\ud800",
  "\udc00",
  "\u{1f980}",
  "\u0301",
  "\u212a",
  "\u0131",
  "\u0660",
  "\r",
  "\n",
  "\t",
  "\x1b",
  "\x7f",
];
const TOKENS =
  "% %2f %2F %2e %25 .. . / // \\ ? & = ; # * ** [ ] { } ( ) - -- : :: , ' \" ` | > & * ! !! @ %00 ~ null true 0 -1 1e999 0x7f 99999999999999999999 version network_policies host <<: __proto__ constructor \\u0000 \\ud800 --- ... $ ^".split(
    " ",
  );
/** Beyond this a mutated text tells nothing that the growth runs do not. */
const CHARS_MAX = 200_000;

type Mutator = (text: string, random: Random, others: readonly string[]) => string;

const at = (text: string, random: Random): number => random.below(text.length + 1);

const mutators: readonly Mutator[] = [
  function insertStrange(text, random) {
    const i = at(text, random);
    return text.slice(0, i) + random.pick(STRANGE) + text.slice(i);
  },
  function insertToken(text, random) {
    const i = at(text, random);
    return text.slice(0, i) + random.pick(TOKENS) + text.slice(i);
  },
  function flipBit(text, random) {
    if (text === "") return "\u0001";
    const i = random.below(text.length);
    return text.slice(0, i) + String.fromCharCode(text.charCodeAt(i) ^ (1 << random.below(16))) + text.slice(i + 1);
  },
  function flipLowBit(text, random) {
    if (text === "") return "a";
    const i = random.below(text.length);
    return text.slice(0, i) + String.fromCharCode(text.charCodeAt(i) ^ (1 << random.below(7))) + text.slice(i + 1);
  },
  function truncate(text, random) {
    return random.chance(50) ? text.slice(0, at(text, random)) : text.slice(at(text, random));
  },
  function remove(text, random) {
    const i = at(text, random);
    return text.slice(0, i) + text.slice(i + 1 + random.below(8));
  },
  function repeat(text, random) {
    const i = at(text, random);
    const unit = text.slice(i, i + 1 + random.below(24));
    const times = 1 + random.below(random.chance(5) ? 2_000 : 12);
    return text.slice(0, i) + unit.repeat(times) + text.slice(i);
  },
  function splice(text, random, others) {
    const other = random.pick(others);
    const from = at(other, random);
    return (
      text.slice(0, at(text, random)) + other.slice(from, from + 1 + random.below(200)) + text.slice(at(text, random))
    );
  },
  function nest(text, random) {
    const depth = 1 + random.below(random.chance(5) ? 3_000 : 20);
    const [open, close] = random.pick([
      ["[", "]"],
      ["{a: ", "}"],
      ['{"a":', "}"],
      ["{ a ", "}"],
      ["(", ")"],
      ["- ", ""],
      ["? ", ""],
      ["a/", "/.."],
    ] as const);
    return open.repeat(depth) + text + close.repeat(depth);
  },
  function swapLines(text, random) {
    const lines = text.split("\n");
    const [i, j] = [random.below(lines.length), random.below(lines.length)];
    [lines[i], lines[j]] = [lines[j] ?? "", lines[i] ?? ""];
    return lines.join("\n");
  },
  function indent(text, random) {
    const lines = text.split("\n");
    const i = random.below(lines.length);
    lines[i] = random.pick([" ", "  ", "\t", "- "]) + (lines[i] ?? "");
    return lines.join("\n");
  },
  function changeCase(text, random) {
    const i = at(text, random);
    const end = i + 1 + random.below(12);
    const part = text.slice(i, end);
    return text.slice(0, i) + (random.chance(50) ? part.toUpperCase() : part.toLowerCase()) + text.slice(end);
  },
  function percentEscape(text, random) {
    if (text === "") return "%";
    const i = random.below(text.length);
    const hex = (text.charCodeAt(i) & 0xff).toString(16).padStart(2, "0");
    return `${text.slice(0, i)}%${random.chance(50) ? hex : hex.toUpperCase()}${text.slice(i + 1)}`;
  },
];

/** One to six changes of a seed; some changes take a piece of another seed. */
export function mutate(seeds: readonly string[], random: Random): string {
  let text = random.pick(seeds);
  for (let left = 1 + random.below(6); left > 0; left--) text = random.pick(mutators)(text, random, seeds);
  return text.length > CHARS_MAX ? text.slice(0, CHARS_MAX) : text;
}
