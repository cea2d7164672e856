import { rmSync } from "node:fs";
import { z } from "zod";
import type { CliEnv } from "../env.ts";
import { CliError } from "../exit.ts";
import { readIfThere, writePrivate } from "../up/home.ts";

const storedSchema = z.object({
  url: z.url(),
  token: z.string().min(1),
  tokenId: z.uuid(),
  expiresAt: z.iso.datetime(),
  email: z.string(),
  org: z.string(),
});
export type StoredLogin = z.output<typeof storedSchema>;

/** What `creel login` left, or null; a file of the user alone, which only this command writes. */
export function readLogin({ userLogin }: Pick<CliEnv, "userLogin">): StoredLogin | null {
  const text = readIfThere(userLogin);
  if (text === null) return null;
  try {
    return storedSchema.parse(JSON.parse(text));
  } catch {
    throw new CliError("the file is damaged", { place: userLogin, remedy: "Remove it and run `creel login` again." });
  }
}

export const writeLogin = ({ userLogin }: Pick<CliEnv, "userLogin">, login: StoredLogin): void =>
  writePrivate(userLogin, `${JSON.stringify(login, null, 2)}\n`);

export const forgetLogin = ({ userLogin }: Pick<CliEnv, "userLogin">): void => rmSync(userLogin, { force: true });
