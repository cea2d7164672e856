import { statSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { CREDENTIAL_VALUE_CHARS_MAX } from "../../limits.ts";
import { type CredentialSource, CredentialUnavailable } from "../credential.ts";
import { refreshingSource } from "./refreshing.ts";

/** A file of the host, read anew when it was written or replaced; one that goes away keeps its last value, as a renewal that failed. */
export function fileSource(options: {
  name: string;
  path: string;
  now: () => number;
  onProblem?: (problem: string) => void;
}): CredentialSource {
  const { path } = options;
  let seen = "";
  const markOf = ({ ino, mtimeMs, size }: { ino: number; mtimeMs: number; size: number }): string =>
    `${ino} ${mtimeMs} ${size}`;
  return refreshingSource({
    ...options,
    isStale() {
      try {
        return markOf(statSync(path)) !== seen;
      } catch {
        return true;
      }
    },
    async obtain() {
      try {
        const found = await stat(path);
        if (found.size > CREDENTIAL_VALUE_CHARS_MAX) throw new CredentialUnavailable("the file is too long");
        // A newline at the end is the editor's, not the secret's.
        const value = (await readFile(path, "utf8")).replace(/\r?\n$/, "");
        seen = markOf(found);
        return { value, expiresAtMs: null };
      } catch (error) {
        if (error instanceof CredentialUnavailable) throw error;
        throw new CredentialUnavailable("the file cannot be read");
      }
    },
  });
}
