/**
 * Threat: another site makes a signed-in browser send a mutation with its cookie (CSRF), or a page of another port of
 * the same host does so where cookies do not tell ports apart.
 * Invariant: a request that changes something by cookie carries an Origin equal to the host it was sent to. A browser
 * sends Origin with every POST; a request without one is refused.
 */
export const isSameOrigin = (headers: Headers): boolean => {
  const origin = headers.get("origin");
  const host = headers.get("x-forwarded-host") ?? headers.get("host");
  if (!origin || !host || !URL.canParse(origin)) return false;
  const site = headers.get("sec-fetch-site");
  if (site !== null && site !== "same-origin") return false;
  return new URL(origin).host === host;
};
