import { request } from "undici";
import { PROBE_BYTES_MAX, PROBE_TIMEOUT_MS } from "../limits.ts";

/** Asks a local server for a JSON document; null when nothing answers in time, or not with that. */
export type Probe = (url: string) => Promise<unknown>;

export const probeJson: Probe = async (url) => {
  try {
    const signal = AbortSignal.timeout(PROBE_TIMEOUT_MS);
    const { statusCode, body } = await request(url, { signal });
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of body) {
      bytes += chunk.length;
      if (bytes > PROBE_BYTES_MAX) return null;
      chunks.push(chunk);
    }
    return statusCode === 200 ? JSON.parse(Buffer.concat(chunks).toString("utf8")) : null;
  } catch {
    return null;
  }
};
