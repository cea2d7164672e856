import { env } from "../../env.ts";
import { paths } from "../../lib/paths.ts";

/** Addresses of ours are made from the one the operator set: no header of a request has a say in where a browser goes. */
export const ownUrl = (path: string): string => new URL(path, env().webUrl).href;

export const redirectTo = (location: string, cookies: readonly string[]): Response => {
  const headers = new Headers({ location, "cache-control": "no-store", "referrer-policy": "no-referrer" });
  for (const one of cookies) headers.append("set-cookie", one);
  return new Response(null, { status: 303, headers });
};

/** To the sign-in page, which knows the codes and shows no text that came by an address. */
export const backToSignIn = (code: string, next: string | undefined, cookies: readonly string[] = []): Response => {
  const url = new URL(ownUrl(paths.signIn(next)));
  url.searchParams.set("error", code);
  return redirectTo(url.href, cookies);
};
