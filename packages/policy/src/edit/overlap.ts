/** Whether two parts of a policy can speak of the same request. Errs on the side of yes. */
import { compileGlob, hasWildcard } from "../glob.ts";
import type { Binary, Endpoint } from "../model.ts";

function textsMeet(a: string, b: string, separator: "/" | "."): boolean {
  if (a === b) return true;
  const [wildA, wildB] = [hasWildcard(a), hasWildcard(b)];
  if (wildA && wildB) return true;
  if (wildA) return compileGlob(a, { separator })(b);
  return wildB && compileGlob(b, { separator })(a);
}

export const programsMeet = (a: readonly Binary[], b: readonly Binary[]): boolean =>
  a.some((one) =>
    // Of a child nothing is known but its parents, so it may be any other program.
    b.some((two) => one.inherit === true || two.inherit === true || textsMeet(one.path, two.path, "/")),
  );

export const endpointsMeet = (a: Endpoint, b: Endpoint): boolean =>
  a.ports.some((port) => b.ports.includes(port)) && (a.host === "" || b.host === "" || textsMeet(a.host, b.host, "."));
