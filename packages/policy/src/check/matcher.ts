/** Matchers of headers, queries and parameters. */
import type { Matcher, ParamMatcher, RequestMatcher } from "../model.ts";
import { type CheckContext, fail } from "./context.ts";
import { checkGlob } from "./glob.ts";

export function globsOf(matcher: Matcher | ParamMatcher | undefined): string[] {
  if (matcher === undefined) return [];
  if (typeof matcher === "string") return [matcher];
  if (Array.isArray(matcher.any)) return matcher.any.filter((glob): glob is string => typeof glob === "string");
  return Object.values(matcher).flatMap((child) => (Array.isArray(child) ? child : globsOf(child as ParamMatcher)));
}

export function checkRequestMatcher(ctx: CheckContext, field: string, request: RequestMatcher): void {
  for (const [name, matcher] of Object.entries(request.headers ?? {})) {
    if (!/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(name))
      fail(
        ctx,
        "bad_header",
        `${field}.headers.${name}`,
        `\`${name}\` is no header name.`,
        "Write a name such as `content-type`.",
      );
    for (const glob of globsOf(matcher)) checkGlob(ctx, `${field}.headers.${name}`, glob);
  }
}
