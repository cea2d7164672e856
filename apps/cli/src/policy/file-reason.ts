import { messageOf, systemCode } from "../exit.ts";

export interface FileReason {
  reason: string;
  remedy: string;
}

/** Why a file could not be read, in words that fit what happened; `kind` says what was asked for, such as `policy file (YAML)`. */
export function fileReason(error: unknown, kind: string): FileReason {
  const remedy = `Name a ${kind} that exists.`;
  switch (systemCode(error)) {
    case "ENOENT":
      return { reason: "there is no such file", remedy };
    case "ENOTDIR":
      return { reason: "a part of its path is no folder", remedy };
    case "EISDIR":
      return { reason: "it is a folder", remedy: `Name a ${kind} in it.` };
    case "EACCES":
    case "EPERM":
      return { reason: "you may not read it", remedy: "Ask its owner to let you, or run as a user who may." };
    case "ELOOP":
      return { reason: "its links lead in a circle", remedy };
    case "ENAMETOOLONG":
      return { reason: "its name is too long", remedy };
    default:
      return { reason: messageOf(error), remedy: `Check that it is a ${kind}.` };
  }
}

/** Why a file could not be written. The name of the file that is written first and then moved is no matter of the user's. */
export function writeReason(error: unknown): FileReason {
  const elsewhere = "Name a file in a folder that you may write.";
  switch (systemCode(error)) {
    case "ENOENT":
      return { reason: "its folder does not exist", remedy: "Make the folder first, or name another." };
    case "ENOTDIR":
      return { reason: "a part of its path is no folder", remedy: elsewhere };
    case "EISDIR":
      return { reason: "it is a folder", remedy: "Name a file in it." };
    case "EACCES":
    case "EPERM":
      return { reason: "you may not write in its folder", remedy: elsewhere };
    case "EROFS":
      return { reason: "its file system is read-only", remedy: elsewhere };
    case "ENOSPC":
    case "EDQUOT":
      return { reason: "the disk is full", remedy: "Make room and try again; the file is as it was." };
    case "ELOOP":
      return { reason: "its links lead in a circle", remedy: elsewhere };
    case "ENAMETOOLONG":
      return { reason: "its name is too long", remedy: elsewhere };
    case null:
      return { reason: messageOf(error), remedy: elsewhere };
    default:
      return { reason: `the system said ${systemCode(error)}`, remedy: elsewhere };
  }
}
