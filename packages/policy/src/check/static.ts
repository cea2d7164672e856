/** The sections fixed at a sandbox's creation: files, Landlock, user. */
import { FILESYSTEM_PATHS_MAX } from "../limits.ts";
import type { Policy } from "../model.ts";
import { type CheckContext, fail, present } from "./context.ts";

export interface RawFilesystem {
  include_workdir?: boolean;
  read_only?: (string | undefined)[];
  read_write?: (string | undefined)[];
}

export function checkFilesystem(ctx: CheckContext, raw: RawFilesystem): Policy["filesystem_policy"] {
  const field = "filesystem_policy";
  const lists = (["read_only", "read_write"] as const).map((key) =>
    present(raw[key]).map(([path, i]) => checkFilesystemPath(ctx, `${field}.${key}[${i}]`, path, key === "read_write")),
  );
  const [readOnly = [], readWrite = []] = lists;
  if (readOnly.length + readWrite.length > FILESYSTEM_PATHS_MAX)
    fail(
      ctx,
      "too_many",
      field,
      `More than ${FILESYSTEM_PATHS_MAX} paths in all.`,
      "Name directories instead of files.",
    );
  return { include_workdir: raw.include_workdir === true, read_only: readOnly, read_write: readWrite };
}

function checkFilesystemPath(ctx: CheckContext, field: string, path: string, writable: boolean): string {
  const plain = path.replace(/\/+/g, "/").replace(/(.)\/$/, "$1");
  if (!path.startsWith("/")) fail(ctx, "bad_path", field, `"${path}" is not absolute.`, "Begin with `/`.");
  else if (/(^|\/)\.\.(\/|$)/.test(path))
    fail(ctx, "path_traversal", field, `"${path}" climbs with \`..\`.`, "Write the path it means.");
  else if (path.includes("\0")) fail(ctx, "bad_path", field, "The path holds a NUL.", "Remove it.");
  else if (writable && plain.replace(/\/\.(?=\/|$)/g, "").replace(/^\/*$/, "/") === "/")
    fail(
      ctx,
      "root_writable",
      field,
      "`/` would make the whole file system writable.",
      "Name the directories that must be writable.",
    );
  return plain;
}

/** The kernel's "no id" marker, one past the greatest id. */
const ID_MAX = 4_294_967_294;

export function checkProcess(ctx: CheckContext, raw: NonNullable<Policy["process"]>): Policy["process"] {
  for (const key of ["run_as_user", "run_as_group"] as const) {
    const value = raw[key];
    if (value === undefined || value === "" || value === "sandbox") continue;
    const id = /^[0-9]{1,10}$/.test(value) ? Number(value) : Number.NaN;
    if (value === "root" || id === 0)
      fail(ctx, "root_user", `process.${key}`, "An agent never runs as root.", "Write `sandbox`, or a number from 1.");
    else if (!(id >= 1 && id <= ID_MAX) || value !== String(id))
      fail(
        ctx,
        "bad_user",
        `process.${key}`,
        `"${value}" is neither \`sandbox\` nor a number from 1 to ${ID_MAX}.`,
        "Write `sandbox`, or the number.",
      );
  }
  return {
    ...(raw.run_as_user === undefined || raw.run_as_user === "" ? {} : { run_as_user: raw.run_as_user }),
    ...(raw.run_as_group === undefined || raw.run_as_group === "" ? {} : { run_as_group: raw.run_as_group }),
  };
}
