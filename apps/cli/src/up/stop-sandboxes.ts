import { existsSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { attachControl } from "@creel/sandbox";
import type { HomePaths } from "./home.ts";

const GRACE_MS = 2_000;
const SOCKET = "shim.sock";

const foldersIn = (folder: string): string[] => {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
};

/** Control directories of this home's sandboxes: named by the sandbox's id, in this user's short folders for sockets. */
function runDirs(paths: HomePaths): string[] {
  const ids = foldersIn(join(paths.node, "sandboxes"));
  // A long temporary folder leaves no room for a socket's name; then the sockets lie in /tmp.
  const roots = [...new Set([tmpdir(), "/tmp"])].flatMap((folder) =>
    foldersIn(folder)
      .filter((name) => name.startsWith(`creel-${process.getuid?.() ?? 0}-`))
      .map((name) => join(folder, name)),
  );
  return roots.flatMap((root) => ids.map((id) => join(root, id))).filter((folder) => existsSync(join(folder, SOCKET)));
}

/** Ends the local node's sandboxes; answers how many there were. They outlive the node agent by design, so somebody must. */
export async function stopSandboxes(paths: HomePaths): Promise<number> {
  const stopped = await Promise.all(
    runDirs(paths).map(async (runDir) => {
      try {
        const control = await attachControl({ runDir });
        await control.stop({ graceMs: GRACE_MS });
        control.close();
        return true;
      } catch {
        // A socket without a sandbox behind it: it ended by itself.
        return false;
      }
    }),
  );
  return stopped.filter(Boolean).length;
}
