/**
 * Lays an agent's settings into its home. Threat: the agent's earlier life left a link where a folder or file of ours belongs, and our
 * write lands elsewhere on the host. Invariant: every component is opened without following links, relative to the one before, and
 * the file itself is made anew.
 */
import { constants } from "node:fs";
import { type FileHandle, mkdir, open, unlink } from "node:fs/promises";
import { isCode, PRIVATE_DIR_MODE, PRIVATE_FILE_MODE } from "../files.ts";

const DIR_FLAGS = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const FILE_FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** `path` is relative to `home` and may not climb. */
export async function layFile(home: string, path: string, content: string): Promise<void> {
  const parts = path.split("/");
  const leaf = parts.pop();
  if (!leaf || [leaf, ...parts].some((part) => part === "" || part === "." || part === ".."))
    throw new Error(`An agent's file may not be called ${path}.`);
  let dir = await open(home, DIR_FLAGS);
  try {
    for (const part of parts) {
      const next = await openDir(dir, part);
      await dir.close();
      dir = next;
    }
    const at = inside(dir, leaf);
    await unlink(at).catch((error: unknown) => {
      if (!isCode(error, "ENOENT")) throw error;
    });
    const file = await open(at, FILE_FLAGS, PRIVATE_FILE_MODE);
    try {
      await file.writeFile(content);
    } finally {
      await file.close();
    }
  } finally {
    await dir.close();
  }
}

/** The kernel resolves this to the open folder itself, whatever has become of its name. */
const inside = (dir: FileHandle, name: string): string => `/proc/self/fd/${dir.fd}/${name}`;

async function openDir(parent: FileHandle, name: string): Promise<FileHandle> {
  const at = inside(parent, name);
  await mkdir(at, { mode: PRIVATE_DIR_MODE }).catch((error: unknown) => {
    if (!isCode(error, "EEXIST")) throw error;
  });
  return await open(at, DIR_FLAGS);
}
