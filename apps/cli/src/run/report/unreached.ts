/** Places that were allowed and yet not reached: what stood in the way, in words, and what a person can do about it. */

export interface Unreached {
  host: string;
  port: number;
  /** The error's code, or a sentence of the gateway. */
  reason: string;
  count: number;
}

interface Explanation {
  what: string;
  remedy: string | null;
}

type Explained = readonly [codes: RegExp, explain: (place: Unreached, commandName: string) => Explanation];

const fixed = (what: string, remedy: string | null) => (): Explanation => ({ what, remedy });

/** By the codes of Node and OpenSSL (`node:errors`, X509_V_ERR_*), and the gateway's own sentences. */
const EXPLAINED: readonly Explained[] = [
  [
    /could not be resolved|has no address/,
    ({ host, port }) => ({
      what: "this host's DNS knows no address of the name",
      remedy: `check its spelling and your DNS or VPN; --resolve ${host}:${port}:ADDRESS dials an address that you give`,
    }),
  ],
  [
    /^(UNABLE_TO_(VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT(_LOCALLY)?)|SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|CERT_UNTRUSTED|INVALID_CA)$/,
    (_place, commandName) => ({
      what: "its certificate comes from an authority that is not trusted here",
      remedy: `name that authority, a company's own for one, before the command: NODE_EXTRA_CA_CERTS=/path/to/ca.pem ${commandName} run …`,
    }),
  ],
  [
    /^CERT_HAS_EXPIRED$/,
    fixed("its certificate has expired", "whoever runs that server has to renew it; check this host's clock"),
  ],
  [/^CERT_NOT_YET_VALID$/, fixed("its certificate is not valid yet", "check this host's clock")],
  [
    /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    fixed("its certificate is for another name", "ask for it by the name that its certificate bears"),
  ],
  [
    /^(EPROTO|ERR_SSL_.*)$/,
    fixed("it did not speak TLS as it should", "is this the right port? Plain HTTP has its own"),
  ],
  [/^ECONNREFUSED$/, fixed("nothing listens there", "is the server running, and is this its port?")],
  [
    /^(ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|.*idle for too long)$/,
    fixed(
      "no answer from there",
      "does this host itself reach it? A VPN may be missing; proxies of a company are not asked",
    ),
  ],
  [/^(ECONNRESET|EPIPE|socket hang up)$/, fixed("the server broke off before it answered", null)],
];

export function explainUnreached(place: Unreached, commandName: string): Explanation {
  const found = EXPLAINED.find(([codes]) => codes.test(place.reason));
  return found === undefined ? { what: place.reason.replace(/\.$/, ""), remedy: null } : found[1](place, commandName);
}

/** For the parenthesis behind the words, where they do not say it already. */
export const codeOf = ({ reason }: Unreached): string | null => (/^[A-Z][A-Z0-9_]+$/.test(reason) ? reason : null);
