import type { RestRoute } from "./route.ts";

export interface Match {
  route: RestRoute;
  params: Record<string, string>;
}

const segmentsOf = (path: string): string[] => path.split("/").filter((segment) => segment !== "");

const bind = (pattern: readonly string[], given: readonly string[]): Record<string, string> | null => {
  if (pattern.length !== given.length) return null;
  const params: Record<string, string> = {};
  for (const [at, want] of pattern.entries()) {
    const have = given[at] ?? "";
    if (want.startsWith("{")) params[want.slice(1, -1)] = have;
    else if (want !== have) return null;
  }
  return params;
};

/** Every route whose path fits, whatever its method: the caller tells 404 from 405 by it. A plain segment beats a parameter. */
export const matchPath = (routes: readonly RestRoute[], segments: readonly string[]): Match[] =>
  routes
    .flatMap((route) => {
      const params = bind(segmentsOf(route.path), segments);
      return params ? [{ route, params }] : [];
    })
    .sort((a, b) => Object.keys(a.params).length - Object.keys(b.params).length);
