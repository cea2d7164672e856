/**
 * What an exception may say. Threat: an exception that means more than the people who approved it read: a pattern in a host, a program
 * by wildcard, a name the gateway answers itself. Invariant: one program, one host, one port; only the path may be a pattern.
 */
import { canonicalHost } from "../canonical/host.ts";
import { isVouchedPath } from "../engine/binary.ts";
import { INFERENCE_HOST } from "../engine/inference.ts";
import { globProblem, hasWildcard } from "../glob.ts";
import { GLOB_CHARS_MAX } from "../limits.ts";
import { isVisible } from "../visible.ts";
import type { EgressException } from "./types.ts";

const METHOD = /^([A-Z][A-Z0-9-]{0,31}|\*)$/;
const SHA256 = /^[0-9a-f]{64}$/;
const BINARY_CHARS_MAX = 4096;
const PRINTABLE = /^[!-~]*$/;

/** Why this is no exception that can be held, as a sentence; null when it is one. */
export function exceptionProblem(exception: EgressException): string | null {
  const { binary, sha256, host, port, method, path, endsAtMs } = exception;
  if (!isVouchedPath(binary) || hasWildcard(binary) || globProblem(binary) !== null || binary.length > BINARY_CHARS_MAX)
    return "The program must be one absolute path without a pattern.";
  if (!isVisible(binary)) return "The program's path holds characters that nobody sees.";
  if (sha256 !== undefined && !SHA256.test(sha256)) return "The program's digest must be 64 hex digits in lower case.";
  if (host.includes("*") || canonicalHost(host) !== host)
    return "The host must be one name or address in its usual form.";
  if (host === INFERENCE_HOST) return "What may be asked of the model, the policy's `inference:` says.";
  if (!Number.isInteger(port) || port < 1 || port > 65535) return "The port must be 1 to 65535.";
  if (method !== undefined && (!METHOD.test(method) || method === "CONNECT"))
    return "The method must be one HTTP method in capitals, or `*`.";
  if (path !== undefined && method === undefined) return "A path means something only beside a method.";
  if (path !== undefined && !path.startsWith("/")) return "The path must begin with a slash.";
  if (path !== undefined && path.length > GLOB_CHARS_MAX) return "The path is too long.";
  // Requests are judged with everything else percent-encoded: such a pattern means nothing, or, in a class, everything.
  if (path !== undefined && !PRINTABLE.test(path))
    return "The path holds characters that no request's path has; write them percent-encoded.";
  const pattern = path === undefined ? null : globProblem(path);
  if (pattern !== null) return `The path is no pattern: ${pattern}`;
  if (!Number.isFinite(endsAtMs)) return "It must have an end.";
  return null;
}
