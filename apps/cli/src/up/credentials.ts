import { z } from "zod";
import { CliError } from "../exit.ts";
import { type HomePaths, readIfThere, writePrivate } from "./home.ts";

/** `.creel/dev.json`: where everything is and how the first owner signs in. The field names are a public contract. */
const devFileSchema = z.object({
  webUrl: z.url(),
  hubUrl: z.url(),
  orgSlug: z.string(),
  email: z.string(),
  password: z.string(),
  apiToken: z.string(),
});
export type DevFile = z.infer<typeof devFileSchema>;

/** Of the last finished start, or null. */
export function readDevFile(paths: HomePaths): DevFile | null {
  const text = readIfThere(paths.devJson);
  if (text === null) return null;
  try {
    return devFileSchema.parse(JSON.parse(text));
  } catch {
    throw new CliError("the file is damaged", {
      place: paths.devJson,
      remedy:
        "Put it back from a backup; it holds the first owner's password. To begin anew, move the whole folder away.",
    });
  }
}

export const writeDevFile = (paths: HomePaths, dev: DevFile): void =>
  writePrivate(paths.devJson, `${JSON.stringify(dev, null, 2)}\n`);

const ownerSchema = z.strictObject({ email: z.string(), password: z.string(), apiToken: z.string() });
export type Owner = z.infer<typeof ownerSchema>;

/**
 * The first owner's sign-in. It is on disk before the database learns it, so that a start that dies in between
 * comes back with the same one instead of locking everybody out.
 */
export function ownerOf(paths: HomePaths, make: () => Owner): Owner {
  const text = readIfThere(paths.owner);
  if (text !== null) return ownerSchema.parse(JSON.parse(text));
  const owner = make();
  writePrivate(paths.owner, `${JSON.stringify(owner)}\n`);
  return owner;
}

/** In the place of a sign-in that is lost. */
export const replaceOwner = (paths: HomePaths, owner: Owner): void =>
  writePrivate(paths.owner, `${JSON.stringify(owner)}\n`);
