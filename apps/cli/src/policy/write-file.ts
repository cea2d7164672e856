import {
  chmodSync,
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { CliError, systemCode } from "../exit.ts";
import { writeReason } from "./file-reason.ts";

/** What every program asks for; the user's mask takes from it. */
const MODE_ASKED = 0o666;

/**
 * Puts the text in the file's place in one step, so that a reader sees the old or the new file and never half of one. Keeps the mode,
 * and a link goes on pointing where it did. With `expected` a file that says something else by now is left alone.
 */
export function replaceFile(file: string, text: string, expected?: string): void {
  let temporary: string | null = null;
  try {
    const target = targetOf(file);
    if (isFolder(target)) throw new Error("it is a folder");
    const mode = modeOf(target);
    if (expected !== undefined && readFileSync(target, "utf8") !== expected)
      throw new Error("somebody changed it in the meantime; try again");
    temporary = join(dirname(target), `.${process.pid}.${Date.now()}.creel.tmp`);
    const descriptor = openSync(temporary, "wx", mode ?? MODE_ASKED);
    try {
      writeFileSync(descriptor, text);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    // The mask of the process may have taken away bits that the file had.
    if (mode !== null) chmodSync(temporary, mode);
    renameSync(temporary, target);
  } catch (error) {
    if (temporary !== null) rmSync(temporary, { force: true });
    const { reason, remedy } = writeReason(error);
    throw new CliError(`the file could not be written: ${reason}`, {
      place: file,
      remedy,
      cause: error,
    });
  }
}

function targetOf(file: string): string {
  try {
    return realpathSync(file);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return file;
    throw error;
  }
}

const isFolder = (file: string): boolean => statSync(file, { throwIfNoEntry: false })?.isDirectory() === true;

/** Null for a file that is not there yet. */
function modeOf(file: string): number | null {
  try {
    return statSync(file).mode & 0o7777;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return null;
    throw error;
  }
}
