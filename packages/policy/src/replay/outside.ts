/**
 * Denials that no policy spoke: the gateway's own. Threat: a replay that calls a malformed request "opened" because its host is
 * allowed, or one that stays silent where a limit was the cause. The sentences are the gateway's; a test reads its source and fails
 * when one is missing here.
 */

/**
 * `always`: every version ends the same. `inspection`: the same wherever the gateway reads the traffic, open where it only relays it.
 * `depends`: it hung on something that a record does not hold.
 */
export type OutsideCause = "always" | "inspection" | "depends";

/** The name under which the gateway tells a sandbox about itself; no policy decides it. */
export const GATEWAY_HOST = "creel.local";
/** The gateway's own proxy, likewise. */
const PROXY_HOST = "proxy.creel.local";
const CREDENTIALS_RULE = "credentials";

const CAUSES: readonly (readonly [RegExp, OutsideCause])[] = [
  [/^The kernel has no record of who opened this connection\.$/, "always"],
  [/^This address stands for no name; look the name up again\.$/, "always"],
  [/^The sandbox has too many connections open, or refused and not written down yet\.$/, "always"],
  [/^\S+ leads to \S+, which is this host itself\.$/, "always"],
  [/^An address of \S+ is not allowed any more; connect again\.$/, "depends"],
  [/^The gateway answers for this name itself\.$/, "always"],
  [/^This name answers on ports 80 and 443 only\.$/, "always"],
  [/^What is asked of the proxy is judged\.$/, "always"],
  [/^The proxy (answers on port \d+ only|does not lead to itself)\.$/, "always"],
  [/^The proxy is asked for something that is no host and port\.$/, "always"],
  [/^The proxy is spoken to in plain HTTP; TLS goes into the tunnel that `CONNECT` opens\.$/, "always"],
  [/^A CONNECT with a body could be read in two ways\.$/, "always"],
  [/^The Host header of the CONNECT names another place than the CONNECT\.$/, "always"],
  [/^A request to the model may have \d+ bytes\.$/, "always"],
  [/^The TLS server name is .*, the connection is to \S+\.$/s, "always"],
  [/^The TLS handshake does not come to an end\.$/, "always"],
  [/^The TLS handshake encrypts the name it asks for \(ECH\), so it cannot be judged\.$/, "always"],
  [/^The TLS handshake is not written plainly; its server name cannot be judged\.$/, "always"],
  [
    /^The TLS handshake (took too long|failed \(.*\)|names no server; without a name it cannot be judged)\.$/s,
    "inspection",
  ],
  [/^The client ended the TLS handshake; does it trust the sandbox's CA\?$/, "inspection"],
  [/^The method \S* is not passed on\.$/, "inspection"],
  [/^The request has more than \d+ headers\.$/, "inspection"],
  [/^The request must have exactly one Host header\.$/, "inspection"],
  [/^The Host header says .*, the connection is to \S+\.$/s, "inspection"],
  [/^The header \S+ asks for another method than the request's own\.$/, "inspection"],
  [/^The Expect header asks for something unknown\.$/, "inspection"],
  [/^Transfer-Encoding needs HTTP\/1\.1\.$/, "inspection"],
  [/^The body's encoding is not plain chunked\.$/, "inspection"],
  [/^The request has both Transfer-Encoding and Content-Length\.$/, "inspection"],
  [/^The Content-Length is not one number\.$/, "inspection"],
  [/^The request target is not an unambiguous path on this host\.$/, "inspection"],
  [/^The Connection header names a header that belongs to the request\.$/, "inspection"],
  [/^This is not a strict HTTP\/1\.1 request \(.*\)\.$/s, "inspection"],
  [/^An upgrade to .* is not allowed here\.$/s, "inspection"],
  [/^This upgrade is not allowed here\.$/, "inspection"],
  [/^[^;]*; this endpoint is inspected\. Use `protocol: tcp` for other protocols\.$/, "inspection"],
  [/^The body is larger than the policy can judge\.$/, "depends"],
  [/^Too many bodies that have to be judged whole are under way\.$/, "depends"],
  [/^The body, which has to be judged whole, took too long to arrive\.$/, "depends"],
  [/^The body is not UTF-8, so its words cannot be judged\.$/, "depends"],
  [/^The header \S+ (stands there twice|is taken for \S+ by some servers)\.$/, "inspection"],
  [/^The method is not one of HTTP's\.$/, "inspection"],
  [/^The request's scheme is .*, the connection's is not\.$/s, "inspection"],
  [/^The Host header and :authority name two places\.$/, "inspection"],
  [/^(In the trailers: )?A header's name is not one that HTTP\/1\.1 could carry\.$/, "inspection"],
  [/^(In the trailers: )?The value of header \S+ is not one that HTTP\/1\.1 could carry\.$/, "inspection"],
  [/^(In the trailers: )?The header \S+ has no place in HTTP\/2\.$/, "inspection"],
  [/^(In the trailers: )?The TE header may say `trailers` only\.$/, "inspection"],
  [/^In the trailers: The header \S+ stands there twice\.$/, "inspection"],
  [/^(In the trailers: )?Its headers are larger than \d+ bytes\.$/, "inspection"],
  [/^The header \S+ stands behind the body, where it was not judged\.$/, "inspection"],
  [/^A trailer carries a credential's placeholder; it may stand in a header only\.$/, "depends"],
  [/^This is not HTTP\/2 as it may be spoken here \(.*\)\.$/s, "inspection"],
  // Written by gateways before they read messages.
  [/^This endpoint's policy judges each WebSocket message, which this gateway cannot do yet\.$/, "depends"],
  [/^This is not a strict WebSocket \(.*\)\.$/s, "depends"],
  [/^The upstream's WebSocket frames cannot be read \(.*\)\.$/s, "depends"],
  [/^This WebSocket's messages are judged, and it does not ask for version 13 with a sound key\.$/, "depends"],
  [/^The policy now reads this connection; connect again\.$/, "depends"],
  [/^No rule plans this endpoint\.$/, "depends"],
  [/^\S+ has no address\.$/, "depends"],
  [/^The sandbox has used its \d+ requests of this minute\.$/, "depends"],
  [/^Exception \S+ (is for a single request|was used already)\.$/, "depends"],
  [/^Exception \S+ is for once, and its use could not be written down\.$/, "depends"],
  [/^Exception \S+ cannot be used: no place keeps what was used\.$/, "depends"],
  [/^Entry `.*` has used its \d+ (bytes|requests) of this (second|minute|hour|day)\.$/s, "depends"],
];

/** Null: the policy decided. */
export function outsideCause(record: {
  host: string;
  decision?: string | undefined;
  rule: string | null;
  reason?: string | null | undefined;
}): OutsideCause | null {
  if (record.host === GATEWAY_HOST || record.host === PROXY_HOST) return "always";
  if (record.decision !== "deny") return null;
  if (record.rule === CREDENTIALS_RULE) return "depends";
  const { reason } = record;
  if (reason === undefined || reason === null) return null;
  return CAUSES.find(([pattern]) => pattern.test(reason))?.[1] ?? null;
}
