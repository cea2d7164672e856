/** What an edit is asked for, in the one reading that is judged. */
import { addressClass, coverableClasses } from "../canonical/address.ts";
import { canonicalHost, isIpLiteral } from "../canonical/host.ts";
import { canonicalPath } from "../canonical/path.ts";
import { compilePolicy } from "../engine/compile.ts";
import { decide } from "../engine/decide.ts";
import type { Policy } from "../model.ts";
import { parsePolicy } from "../parse.ts";
import type { PolicyDecision, PolicyRequest } from "../types.ts";
import { PolicyEditError } from "./error.ts";

export interface RuleRequest {
  binary: string;
  host: string;
  port: number;
  method?: string | undefined;
  /** Raw request target; its query does not become part of the rule. */
  path?: string | undefined;
}

/** Past every expiry: a grant that ends is no reason to leave the file as it is. */
const AFTER_EVERY_EXPIRY_MS = Number.MAX_VALUE;
/** When everything that will ever expire is still in force. */
export const BEFORE_EVERY_EXPIRY_MS = Number.NEGATIVE_INFINITY;

export interface Wanted {
  binary: string;
  host: string;
  port: number;
  method: string | null;
  path: string | null;
  encodedSlash: boolean;
}

export function parseOrThrow(text: string): Policy {
  const { policy, problems } = parsePolicy(text);
  if (policy === null) throw new PolicyEditError("The file has errors; repair them first.", problems);
  return policy;
}

export function canonicalRequest(request: RuleRequest): Wanted {
  const host = canonicalHost(request.host);
  if (host === null) throw new PolicyEditError(`"${request.host}" is no host name or address.`);
  if (isIpLiteral(host) && !coverableClasses.includes(addressClass(host)))
    throw new PolicyEditError(`${host} is a ${addressClass(host)} address, which no policy can open.`);
  if (!request.binary.startsWith("/") || /[{}\\]|\/\.\.?(\/|$)|\/\//.test(request.binary))
    throw new PolicyEditError("The program's path must be absolute and plain.");
  if (!Number.isInteger(request.port) || request.port < 1 || request.port > 65535)
    throw new PolicyEditError("The port must be 1 to 65535.");
  const plain = { binary: request.binary, host, port: request.port };
  if (request.method === undefined) return { ...plain, method: null, path: null, encodedSlash: false };
  const target = canonicalPath(request.path ?? "", { allowEncodedSlash: true });
  if (target === null)
    throw new PolicyEditError("The request target has no single reading; such a request is always refused.");
  const method = request.method.toUpperCase();
  if (!/^[A-Z][A-Z0-9-]{0,31}$/.test(method) || method === "CONNECT")
    throw new PolicyEditError(`"${request.method}" is no HTTP method that a rule can allow.`);
  return { ...plain, method, path: target.path, encodedSlash: target.path.includes("%2F") };
}

const asRequest = (wanted: Wanted): PolicyRequest => ({
  binary: wanted.binary,
  host: wanted.host,
  port: wanted.port,
  ...(wanted.method === null || wanted.path === null ? {} : { method: wanted.method, path: wanted.path }),
});

/** With every middleware the file names at hand: whether a node offers them is no matter of the file. */
const compileWhole = (policy: Policy) =>
  compilePolicy(policy, { middlewares: Object.values(policy.network_middlewares).map((m) => m.middleware) });

/** Judged past every expiry. */
export const decideWanted = (policy: Policy, wanted: Wanted): PolicyDecision =>
  decide(compilePolicy(policy), asRequest(wanted), AFTER_EVERY_EXPIRY_MS);

/** `nowMs` is past every expiry unless given. */
export const isAllowed = (policy: Policy, wanted: Wanted, nowMs = AFTER_EVERY_EXPIRY_MS): boolean =>
  decide(compileWhole(policy), asRequest(wanted), nowMs).decision === "allow";

/** A text as a pattern that matches it alone. */
export const literalGlob = (text: string): string => text.replace(/[*?[\]]/g, (c) => `[${c}]`);
