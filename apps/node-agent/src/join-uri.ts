export interface JoinUri {
  host: string;
  port: number;
  secret: string;
  /** Lower-case hex of the SHA-256 of the deployment CA's DER. */
  caFingerprint: string;
}

const EXAMPLE = "creel://HOST:PORT/?secret=…&ca=sha256:<64 hex digits>";

/**
 * Reads a join URI as the dashboard shows it.
 * @throws Error naming the part that is wrong; never repeats the URI, which holds the secret.
 */
export function parseJoinUri(text: string): JoinUri {
  const bad = (what: string) => new Error(`The join URI ${what}. It looks like ${EXAMPLE}; copy it whole.`);
  const match = /^creel:\/\/([^/?#]+)\/?\?(.*)$/.exec(text.trim());
  if (!match) throw bad("is not of the form creel://");
  // `new URL` knows no default port and no host rules for a scheme of our own, so the host is read as that of an https address.
  let url: URL;
  try {
    url = new URL(`https://${match[1]}/`);
  } catch {
    throw bad("names no valid host");
  }
  if (url.username || url.password) throw bad("may not carry a user name");
  const query = new URLSearchParams(match[2]);
  const secret = query.get("secret") ?? "";
  if (secret.length < 20 || secret.length > 256) throw bad("has no enrolment secret of the right length");
  const ca = /^sha256:([0-9a-f]{64})$/i.exec(query.get("ca") ?? "")?.[1];
  if (!ca) throw bad("has no certificate fingerprint");
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  return { host, port: Number(url.port || 443), secret, caFingerprint: ca.toLowerCase() };
}
