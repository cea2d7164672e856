import { type NextRequest, NextResponse } from "next/server";
import { isDevelopment } from "./env.ts";
import { PAGE_HEADER } from "./lib/page-header.ts";

/**
 * Threat: script injected into a page by something a sandbox said (a host name, a log line, a path).
 * Invariant: only scripts carrying this response's nonce run; nothing may frame the page, post elsewhere or change its base.
 * Inline style attributes stay allowed because the charts position with them; they can run no code.
 */
const contentPolicy = (nonce: string): string =>
  [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${isDevelopment() ? " 'unsafe-eval'" : ""}`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; ");

const secureHeaders: Readonly<Record<string, string>> = {
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
  "x-dns-prefetch-control": "off",
};

export const proxy = (request: NextRequest): NextResponse => {
  const nonce = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("base64");
  const policy = contentPolicy(nonce);
  const headers = new Headers(request.headers);
  headers.set("x-nonce", nonce);
  headers.set("content-security-policy", policy);
  // A page cannot see its own address; it is what a person comes back to after signing in.
  headers.set(PAGE_HEADER, `${request.nextUrl.pathname}${request.nextUrl.search}`);
  const response = NextResponse.next({ request: { headers } });
  response.headers.set("content-security-policy", policy);
  for (const [name, value] of Object.entries(secureHeaders)) response.headers.set(name, value);
  if (request.nextUrl.protocol === "https:")
    response.headers.set("strict-transport-security", "max-age=31536000; includeSubDomains");
  return response;
};

/** Static files carry a content hash in their name and hold no page; everything else gets the headers. */
export const config = { matcher: ["/((?!_next/static|_next/image|favicon.ico).*)"] };
