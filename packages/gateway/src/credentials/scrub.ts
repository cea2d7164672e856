import { Transform } from "node:stream";

/**
 * Takes injected secrets out of what comes back. Threat: an allowed host that echoes the request (an error page, a debug
 * endpoint) hands the agent the credential it was never given. Invariant: no secret passes in one piece, however the
 * answer is cut into chunks. A host that encodes the secret before echoing it is beyond this; such a host has it anyway.
 */
export interface Secret {
  value: string;
  /** What the sandbox sees in its place. */
  placeholder: string;
}

export function scrubText(text: string, secrets: readonly Secret[]): string {
  let out = text;
  for (const { value, placeholder } of secrets) if (value.length > 0) out = out.replaceAll(value, placeholder);
  return out;
}

/** Longest first, so that a secret that contains another is taken whole. */
export const byLength = (secrets: readonly Secret[]): Secret[] =>
  secrets.filter((secret) => secret.value.length > 0).sort((a, b) => b.value.length - a.value.length);

export function scrubStream(secrets: readonly Secret[]): Transform {
  const needles = byLength(secrets).map((secret) => ({
    value: Buffer.from(secret.value, "utf8"),
    placeholder: Buffer.from(secret.placeholder, "utf8"),
  }));
  // A secret may begin in the last len-1 bytes of what we hold; only those wait for the next chunk.
  const windowBytes = Math.max(0, ...needles.map((needle) => needle.value.length - 1));
  let held: Buffer = Buffer.alloc(0);

  function take(bytes: Buffer, final: boolean): Buffer {
    const out: Buffer[] = [];
    let at = 0;
    for (;;) {
      const hit = nextHit(bytes, at);
      const safeEnd = final ? bytes.length : Math.max(at, bytes.length - windowBytes);
      if (hit === null || (!final && hit.index >= safeEnd)) {
        out.push(bytes.subarray(at, safeEnd));
        held = bytes.subarray(safeEnd);
        return Buffer.concat(out);
      }
      out.push(bytes.subarray(at, hit.index), hit.needle.placeholder);
      at = hit.index + hit.needle.value.length;
    }
  }

  function nextHit(bytes: Buffer, from: number) {
    let best: { index: number; needle: (typeof needles)[number] } | null = null;
    for (const needle of needles) {
      const index = bytes.indexOf(needle.value, from);
      if (index >= 0 && (best === null || index < best.index)) best = { index, needle };
    }
    return best;
  }

  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      done(null, take(held.length === 0 ? chunk : Buffer.concat([held, chunk]), false));
    },
    flush(done) {
      done(null, take(held, true));
    },
  });
}
