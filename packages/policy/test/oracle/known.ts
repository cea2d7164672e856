import type { Difference } from "./compare.ts";
import { readings } from "./evaluate.ts";
import { matches } from "./glob.ts";
import { readTarget } from "./target.ts";

/** Some endpoint's `path` matches the request in another case or without the last slash, and not as it stands. */
function selectedByAnotherReading({ policyText, request }: Difference): boolean {
  const path = readTarget(request.path ?? "/")?.path;
  if (path === undefined) return false;
  return [...policyText.matchAll(/"path":"([^"]+)"/g)].some(
    ([, pattern = ""]) =>
      !matches(pattern, path, "/") &&
      readings(path).some((reading) => matches(pattern.toLowerCase(), reading.toLowerCase(), "/")),
  );
}

/** Where the engine and the page still differ. The list may only shrink. */
export const known: { why: string; is: (difference: Difference) => boolean }[] = [
  {
    why: "The page denies `%2F` in any mode where it was not asked for; the engine softens it in monitor mode and under audit.",
    is: ({ engine, oracleStep }) => engine === "would_deny" && oracleStep === "1 encoded slash",
  },
  {
    why: "An endpoint's `path` selects in every reading; the engine lets what it selects so be allowed too, not only the path as it stands.",
    is: (difference) =>
      difference.engine === "allow" &&
      difference.oracleStep === "8 not allowed" &&
      selectedByAnotherReading(difference),
  },
];

export const unexplained = (difference: Difference): boolean => !known.some(({ is }) => is(difference));
